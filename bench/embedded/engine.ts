/** All that the evaluation takes from the project, and where it finds what it reads by default. */
import { fileURLToPath } from "node:url";

export { wholeNumber } from "../../src/cli/numberArguments.ts";
export { tableLines } from "../../src/cli/table.ts";
export {
  type LanguageModel,
  openModel,
  type RoutingEvent,
  type Sequence,
  subscribe,
} from "../../src/index.ts";
export { topK } from "../../src/numerics/topK.ts";
export { accessInParts, createPolicy } from "../../src/policy/index.ts";
export {
  type LayerTokens,
  RoutingTraceBuilder,
  TraceRecorder,
  tokensByLayer,
  usedExperts,
} from "../../src/trace/index.ts";

/** The corpus's word lists: first names, and kinds of heroes. */
export const wordLists: string = fileURLToPath(
  new URL("../../models/training/corpus/words.py", import.meta.url),
);
