/** Chat templates that would compute for ever or fill the memory are stopped, each in its time. */
import { describe, expect, test } from "vitest";
import { BoundedTemplate, templateLimits } from "../../src/text/boundedTemplate.ts";
import { endlessTemplates, hostileTemplates } from "./tokenizerDamage.ts";

const messages = [{ role: "user", content: "Hello!" }];
const render = (text: string, limits = templateLimits) =>
  new BoundedTemplate(text, limits).render({ messages });

test("nested loops, doubled macros and doubled texts run out of their budget", () => {
  expect(() =>
    render("{% for i in range(9999) %}{% for j in range(9999) %}{% endfor %}{% endfor %}"),
  ).toThrow("does it loop for ever?");
  expect(() =>
    render(
      "{% macro f(x) %}{% if x > 0 %}{{ f(x - 1) }}{{ f(x - 1) }}{% endif %}{% endmacro %}{{ f(60) }}",
    ),
  ).toThrow("does it loop for ever?");
  const doubled =
    "{% set n = namespace(x='ab') %}{% for i in range(60) %}{% set n.x = n.x ~ n.x %}";
  expect(() => render(`${doubled}{% endfor %}{{ n.x }}`)).toThrow("longer than 4194304");
  expect(() => render("{{ range(1000000000) }}")).toThrow("range() of more than 100000 numbers");
});

test("a single step without end runs out of time", () => {
  const start = performance.now();
  const limits = { ...templateLimits, milliseconds: 200 };
  for (const text of endlessTemplates.slice(1)) {
    expect(() => render(text, limits)).toThrow("it takes longer than 200 ms");
  }
  expect(performance.now() - start).toBeLessThan(5000);
});

test("whatever a template is, it ends with a text or an error, and reaches nothing outside", () => {
  for (const text of [...hostileTemplates, ...endlessTemplates.slice(0, 1)]) {
    try {
      expect(typeof render(text)).toBe("string");
    } catch (error) {
      expect(error).toBeInstanceOf(Error);
    }
  }
});

test("after a timeout the next template renders", () => {
  expect(() => render(endlessTemplates[1], { ...templateLimits, milliseconds: 50 })).toThrow();
  expect(render("{{ messages[0].content }}")).toBe("Hello!");
});

describe("what templates in use need", () => {
  test("fits: two thousand messages, looked at again and again", () => {
    const text =
      "{% for m in messages %}{% if loop.first or messages[loop.index0 - 1].role != m.role %}" +
      "{{ '<' + m.role + '>' + (m.content | trim) + '\\n' }}{% endif %}{% endfor %}";
    const conversation = Array.from({ length: 2000 }, (_, index) => ({
      role: index % 2 === 0 ? "user" : "assistant",
      content: "x".repeat(500),
    }));
    const rendered = new BoundedTemplate(text).render({ messages: conversation });
    expect(rendered.split("\n")).toHaveLength(2001);
  });

  test("is there: ranges, dates in English, exceptions, namespaces", () => {
    expect(
      render("{{ range(3) | join }}{{ range(1, 6, 2) | join }}{{ range(3, 0, -1) | join }}"),
    ).toBe("012135321");
    expect(render("{{ strftime_now('%Y-%m-%d %H:%M %%') }}")).toMatch(
      /^\d{4}-\d\d-\d\d \d\d:\d\d %$/,
    );
    expect(render("{{ strftime_now('%d %b, %B') }}")).toMatch(/^\d\d [A-Z][a-z]{2}, [A-Z][a-z]+$/);
    expect(() => render("{{ raise_exception('No system message') }}")).toThrow("No system message");
    expect(
      render("{% set n = namespace(x=1) %}{% set n.x = 2 %}{{ n.x }}{{ True and not none }}"),
    ).toBe("2true");
  });
});
