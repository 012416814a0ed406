import { expect, test } from "vitest";
import { byteLevelTokenizer } from "./vocabularyFixtures.ts";

const control = 3;

function endPieces(pieces: readonly string[], entries: Record<string, number> = {}): string[] {
  const tokenizer = byteLevelTokenizer(
    pieces.map((piece) => [piece, control] as const),
    entries,
  );
  return [...tokenizer.endOfGeneration].map((token) => tokenizer.piece(token)).sort();
}

test("generation ends at the tokens the file names and at those known by their text", () => {
  expect(endPieces(["<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|stop|>"])).toEqual([
    "<|endoftext|>",
    "<|im_end|>",
  ]);
  expect(
    endPieces(["<|stop|>", "<|turn|>", "<|message|>"], {
      "tokenizer.ggml.eos_token_id": 256,
      "tokenizer.ggml.eot_token_id": 257,
      "tokenizer.ggml.eom_token_id": 258,
    }),
  ).toEqual(["<|message|>", "<|stop|>", "<|turn|>"]);
});

test("<|end|> ends a turn of Phi, but only a message of gpt-oss and Solar", () => {
  expect(endPieces(["<|end|>", "<|user|>"])).toEqual(["<|end|>"]);
  expect(endPieces(["<|end|>", "<|return|>", "<|call|>"])).toEqual(["<|call|>", "<|return|>"]);
  expect(endPieces(["<|end|>", "<|flush|>", "<|calls|>"])).toEqual(["<|calls|>", "<|flush|>"]);
});

test("</s> ends a text of Llama, but is plain text to Gemma 4", () => {
  expect(endPieces(["</s>"])).toEqual(["</s>"]);
  expect(endPieces(["</s>", "<|tool_response>"])).toEqual(["<|tool_response>"]);
});

test("an end token that the file marks as text is a control token all the same", () => {
  const tokenizer = byteLevelTokenizer([["<|im_end|>", 1]]);
  expect(tokenizer.decode(tokenizer.encode("a<|im_end|>"))).toBe("a");
  expect(tokenizer.encode("<|im_end|>", { parseSpecial: false })).toHaveLength(10);
});
