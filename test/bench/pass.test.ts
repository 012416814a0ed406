import { expect, test } from "vitest";
import { fixedTokens, likeliest } from "../../bench/peers/pass.ts";

test("tokens are those that the C program makes up from the same seed", () => {
  const next = fixedTokens(12345, 32000);
  // state = state * 1103515245 + 12345 modulo 2^32; (state >> 8) % 31990
  let state = 12345n;
  for (let index = 0; index < 100; index++) {
    state = (state * 1103515245n + 12345n) & 0xffffffffn;
    expect(next()).toBe(Number((state >> 8n) % 31990n));
  }
});

test("the likeliest token is the first of the largest logits", () => {
  expect(likeliest(Float32Array.of(-3, 2, 5, 5, 1))).toBe(2);
  expect(likeliest(Float32Array.of(-3))).toBe(0);
});
