import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/seed.ts"],
    testTimeout: 60_000,
    coverage: {
      include: ["src/policy/**/*.ts"],
      reporter: ["text-summary"],
      thresholds: {
        "src/policy/**": { lines: 100, functions: 100, statements: 100, branches: 97 },
      },
    },
  },
});
