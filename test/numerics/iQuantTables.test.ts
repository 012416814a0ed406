import { expect, test } from "vitest";
import {
  iq1sGrid,
  iq2sGrid,
  iq2xsGrid,
  iq2xxsGrid,
  iq3sGrid,
  iq3xxsGrid,
} from "../../src/numerics/formats/iQuantTables.ts";
import { bytesOf, readFixture } from "./dequantFixtures.ts";

const fixture = readFixture("iq_grids");

test.each([
  ["iq1s", iq1sGrid],
  ["iq2xxs", iq2xxsGrid],
  ["iq2xs", iq2xsGrid],
  ["iq2s", iq2sGrid],
  ["iq3xxs", iq3xxsGrid],
  ["iq3s", iq3sGrid],
])("the codebook %s unpacks to ggml's, once", (name, grid) => {
  expect(grid()).toEqual(new Int8Array(bytesOf(fixture[name].int8_base64).buffer));
  expect(grid()).toBe(grid());
});
