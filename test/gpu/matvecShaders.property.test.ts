import fc from "fast-check";
import { expect, test } from "vitest";
import {
  gateUpCall,
  gpuFormats,
  type MatvecShape,
  matvecCall,
  type ShaderCall,
} from "../../src/compute/gpu/matvecShaders.ts";
import { formats } from "../../src/numerics/formats/index.ts";

const adapters = fc.constantFrom(
  { features: new Set<string>() },
  { features: new Set(["subgroups"]) },
);

const shapes: fc.Arbitrary<MatvecShape> = fc
  .record({
    format: fc.constantFrom(...gpuFormats),
    arithmetic: fc.constantFrom("exact" as const, "fast" as const),
    rows: fc.integer({ min: 1, max: 2 ** 21 }),
    blocks: fc.integer({ min: 1, max: 300 }),
    tokens: fc.integer({ min: 1, max: 4096 }),
    groups: fc.option(fc.integer({ min: 1, max: 4096 }), { nil: undefined }),
  })
  .map(({ blocks, groups, ...shape }) => ({
    ...shape,
    columns: blocks * formats[shape.format].blockElements,
    ...(groups !== undefined && { groups }),
  }));

interface Tile {
  readonly WORKGROUP: number;
  readonly LANES: number;
  readonly ROWS: number;
  readonly TOKENS: number;
  readonly DEPTH?: number;
}

const makers = [
  { matrices: 1, make: matvecCall },
  {
    matrices: 2,
    make: (
      shape: MatvecShape,
      place: { weightBytes: number },
      adapter: Parameters<typeof matvecCall>[2],
    ): ShaderCall => gateUpCall(shape, { ...place, upBytes: 4 }, adapter),
  },
];

test("grids cover all rows and tokens, and no dimension is too large", () => {
  fc.assert(
    fc.property(
      shapes,
      adapters,
      fc.constantFrom(...makers),
      (shape, adapter, { matrices, make }) => {
        const { variant, grid } = make(shape, { weightBytes: 0 }, adapter);
        const { WORKGROUP, LANES, ROWS } = variant.constants as unknown as Tile;
        const [x, y = 1, z = 1] = grid;
        const rowsEach = ((WORKGROUP / LANES) * ROWS) / matrices;
        expect(Number.isInteger(rowsEach)).toBe(true);
        expect(x * y * rowsEach).toBeGreaterThanOrEqual(shape.rows);
        expect((x * y - x) * rowsEach).toBeLessThan(shape.rows);
        for (const count of [x, y, z]) {
          expect(Number.isInteger(count)).toBe(true);
          expect(count).toBeGreaterThanOrEqual(1);
          expect(count).toBeLessThanOrEqual(65_535);
        }
        if (shape.groups === undefined) expect(z).toBeLessThanOrEqual(shape.tokens);
        else expect(z).toBe(shape.groups);
      },
    ),
  );
});

test("tiles are within what the shaders and every adapter allow", () => {
  fc.assert(
    fc.property(shapes, adapters, fc.constantFrom(...makers), (shape, adapter, { make }) => {
      const { choices, constants } = make(shape, { weightBytes: 0 }, adapter).variant;
      const { WORKGROUP, LANES, ROWS, TOKENS, DEPTH = 1 } = constants as unknown as Tile;
      expect(Math.log2(LANES) % 1).toBe(0);
      expect(WORKGROUP % LANES).toBe(0);
      expect(ROWS).toBeLessThanOrEqual(4);
      expect(TOKENS).toBeLessThanOrEqual(4);
      expect(ROWS * TOKENS).toBeLessThanOrEqual(LANES); // an invocation for each strand
      expect((LANES * DEPTH) % 8).toBe(0); // whole superblocks
      if (choices?.["reduce"] === "subgroup") expect(LANES).toBe(WORKGROUP);
      const strands = (WORKGROUP / LANES) * ROWS * TOKENS;
      const shares = strands * LANES * DEPTH;
      const memory: Record<string, number> = {
        integers: 4 * (shares + 32) + (8 * shares) / 4,
        ordered: 16 * shares,
        decoded: 4 * shares,
      };
      expect(memory[choices?.["dot"] ?? ""] + 4 * strands).toBeLessThanOrEqual(16_384);
    }),
  );
});

test("a decode step has as many workgroups as a large GPU wants, where there are rows enough", () => {
  const shape = { format: "Q4_K", arithmetic: "fast", columns: 2048, tokens: 1 } as const;
  const count = (rows: number) => {
    const [x, y = 1] = matvecCall(
      { ...shape, rows },
      { weightBytes: 0 },
      { features: new Set() },
    ).grid;
    return x * y;
  };
  expect([128, 512, 1024, 2048, 151_936].map(count)).toMatchInlineSnapshot(`
    [
      128,
      512,
      512,
      512,
      37984,
    ]
  `);
});

test("equal calls have one variant object, by which the library knows them", () => {
  const shape: MatvecShape = {
    format: "Q6_K",
    arithmetic: "fast",
    rows: 64,
    columns: 256,
    tokens: 1,
  };
  const adapter = { features: new Set<string>() };
  const { variant } = matvecCall(shape, { weightBytes: 0 }, adapter);
  expect(matvecCall({ ...shape, rows: 65 }, { weightBytes: 4 }, adapter).variant).toBe(variant);
  expect(matvecCall({ ...shape, groups: 2 }, { weightBytes: 4 }, adapter).variant).not.toBe(
    variant,
  );
});

test("a format without a shader is refused", () => {
  const shape: MatvecShape = {
    format: "IQ2_XS",
    arithmetic: "fast",
    rows: 1,
    columns: 256,
    tokens: 1,
  };
  expect(() => matvecCall(shape, { weightBytes: 0 }, { features: new Set() })).toThrow(RangeError);
});
