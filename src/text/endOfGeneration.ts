/**
 * The tokens after which a model has said what it had to say. A file names one or two of them by
 * key; the rest (a model may end a turn in more than one way) are known by their text.
 *
 * Source: `special_eog_ids` in llama.cpp's src/llama-vocab.cpp.
 */

/** Pieces that end a turn, a text or a file. */
const endPieces: readonly string[] = [
  "<|eot_id|>", // Llama 3
  "<|eom_id|>",
  "<|im_end|>", // ChatML
  "<|end|>", // Phi
  "<|return|>", // gpt-oss
  "<|call|>",
  "<|calls|>", // Solar
  "<|flush|>",
  "<end_of_turn>", // Gemma
  "<turn|>", // Gemma 4
  "<|tool_response>",
  "<eos>",
  "</s>",
  "<|endoftext|>",
  "<|end_of_text|>", // Granite
  "<｜end▁of▁sentence｜>", // DeepSeek
  "<end_of_utterance>",
  "<EOT>",
  "_<EOT>",
  "[EOT]", // Kimi K2
  "[EOS]",
  "[e~[", // MiniMax M2
  // Code models fill a gap and go on to the next file.
  "<|fim_pad|>",
  "<fim-pad>",
  "<fim_pad>",
  "<PAD>",
  "[PAD]",
  "<|fim_repo|>",
  "<|repo_name|>",
  "<fim-repo>",
  "<REPO>",
  "<reponame>",
  "<|file_sep|>",
];

interface EndOfGenerationTokens {
  readonly all: ReadonlySet<number>;
  /** Those found by their text. */
  readonly byPiece: ReadonlySet<number>;
}

/**
 * Collects the tokens that end generation.
 *
 * @param tokenOf piece -> token
 * @param named   the tokens that the file names as such
 */
export function endOfGenerationTokens(
  tokenOf: ReadonlyMap<string, number>,
  named: readonly (number | undefined)[],
): EndOfGenerationTokens {
  const has = (piece: string) => tokenOf.has(piece);
  const harmony = has("<|return|>") && has("<|call|>");
  const solar = has("<|flush|>") && (has("<|call|>") || has("<|calls|>"));

  const pieces = new Set(endPieces);
  // In gpt-oss and Solar `<|end|>` ends one message of several; Gemma 4 has `</s>` as plain HTML.
  if (harmony || solar) pieces.delete("<|end|>");
  if (has("<|tool_response>")) pieces.delete("</s>");

  const byPiece = new Set<number>();
  for (const piece of pieces) {
    const token = tokenOf.get(piece);
    if (token !== undefined) byPiece.add(token);
  }
  const all = new Set(byPiece);
  for (const token of named) if (token !== undefined) all.add(token);
  return { all, byPiece };
}
