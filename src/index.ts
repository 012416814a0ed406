/** Public entry of the package: open a model, generate, count, compare. A list, no code. */
export type { Arithmetic } from "./compute/cpu/encodings.ts";
export type { KernelBuild } from "./compute/cpu/wasmKernels.ts";
export { type Adapter, type AdapterList, listAdapters } from "./compute/gpu/gpuAdapters.ts";
export {
  type GpuAbsence,
  type GpuFailureCode,
  GpuFailureError,
  GpuUnavailableError,
} from "./compute/gpu/gpuErrors.ts";
export type { KeyValueFormat } from "./compute/keyValueCache.ts";
export {
  Answer,
  type AnswerStatistics,
  type AskOptions,
  Conversation,
  type ConversationOptions,
  conversationDefaults,
} from "./generation/conversation.ts";
export { embeddedModelPath, embeddedModelPrompt } from "./generation/embeddedModel.ts";
export { type ExpertOptions, type ExpertReport, expertDefaults } from "./generation/expertTier.ts";
export {
  type FinishReason,
  type GenerateOptions,
  Generation,
  type GenerationStatistics,
  generateDefaults,
  type Prompt,
} from "./generation/generation.ts";
export type { GpuOptions } from "./generation/gpuOptions.ts";
export type { GpuReport } from "./generation/gpuReport.ts";
export { createGrammarMask, jsonSchemaToGrammar } from "./generation/grammar/index.ts";
export {
  LanguageModel,
  type MemoryUse,
  type OpenOptions,
  openDefaults,
  openModel,
} from "./generation/languageModel.ts";
export {
  createSampler,
  type Sampler,
  type SamplerContext,
  type SamplerStage,
  type SamplingOptions,
  samplerStages,
  samplingDefaults,
} from "./generation/sampler.ts";
export type { DrawnLogprob, TokenLogprob } from "./generation/sampling/logprobs.ts";
export type { TokenMask } from "./generation/sampling/tokenMask.ts";
export { type FeedOptions, Sequence } from "./generation/sequence.ts";
export { GgufFile, openGguf, type TensorInfo } from "./gguf/ggufFile.ts";
export { Metadata, type MetadataValue } from "./gguf/metadata.ts";
export type { Shape } from "./model/shape.ts";
export type { GpuLayers } from "./placement/layerPlan.ts";
export {
  BadConversationError,
  BadGgufError,
  BadProfileError,
  BadTraceError,
  type ErrorCode,
  MissingMetadataError,
  MissingTensorError,
  OptionError,
  PolicyMisuseError,
  SluiceError,
} from "./support/errors.ts";
export {
  type ActivationEvent,
  type CacheEvent,
  type GpuEvent,
  type LayerEvent,
  type LoadEvent,
  type RoutingEvent,
  subscribe,
} from "./support/events.ts";
export {
  type ChatMessage,
  type ChatTemplate,
  createChatTemplate,
  type RenderOptions,
} from "./text/chatTemplate.ts";
export { createTokenizer, type EncodeOptions, type Tokenizer } from "./text/tokenizer.ts";
