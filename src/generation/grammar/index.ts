/** Text held to a form while it is generated: GBNF grammars, and JSON schemas turned into them. */
export { parseGrammar } from "./gbnfParser.ts";
export { createGrammarMask, type GrammarTokenizer } from "./grammarMask.ts";
export { jsonSchemaToGrammar } from "./jsonSchema.ts";
