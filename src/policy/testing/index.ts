/** Entry "./policy/testing": properties to put an eviction policy through. Needs fast-check. */
export { agreementCheck, type PolicyModel } from "./agreement.ts";
export { assertConforms, type ConformanceOptions, conformanceChecks } from "./conformance.ts";
export { BrokenPromiseError, type Check, type Subject } from "./subject.ts";
