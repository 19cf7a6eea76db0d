import type { Command } from "commander";
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { agentCommand } from "#agent/agent_command.ts";
import { lapwingCommand } from "#command_line.ts";

const root = join(import.meta.dir, "..", "..");
const programs: Readonly<Record<string, Command>> = {
  lapwing: await lapwingCommand([]),
  "lapwing-agent": await agentCommand([]),
};
/** What is no command, though it begins like one. */
const otherTexts = new Set(["world"]);
const commandLine = /\b(lapwing(?:-agent)?) +((?:[a-z]|-)[^\n`"]*)/;
/** Folders of code and prose; what is written into a file's header is prose, too. */
const files = ["*.md", "docs/**/*.md", "{agent,aggregator,shared,ui}/**/*.{ts,tsx,md,sh}"];

type Found = { readonly at: string; readonly program: string; readonly words: readonly string[] };

/** Command lines between backticks or quotes, and those that begin an indented line of a document. */
function commandLines(): Found[] {
  const found: Found[] = [];
  for (const pattern of files)
    for (const path of new Bun.Glob(pattern).scanSync(root)) {
      if (/(?:^|\/)node_modules\/|\/dist\/|\.test\.tsx?$|^CHANGELOG\.md$|^docs\/adr\//.test(path))
        continue;
      const isDocument = path.endsWith(".md");
      for (const [i, line] of readFileSync(join(root, path), "utf8").split("\n").entries())
        for (const text of [
          ...[...line.matchAll(/`([^`]*)`|"(lapwing[^"]*)"/g)].map(
            (match) => match[1] ?? match[2] ?? "",
          ),
          ...(isDocument && /^(?: {4}|\$ |\.\/)*lapwing/.test(line) && !line.includes("`")
            ? [line]
            : []),
        ]) {
          const match = /^(?:\s|\$ |\.\/|sudo |-u \w+ )*/.exec(text);
          const own = commandLine.exec(text.slice(match?.[0].length));
          if (own === null || own.index !== 0) continue;
          const [, program = "", rest = ""] = own;
          if (otherTexts.has(rest)) continue;
          for (const command of rest
            .replace(/\s+#.*$/, "")
            .replace(/\\$/, "")
            .split(/; (?:lapwing )?/))
            found.push({ at: `${path}:${i + 1}`, program, words: wordsOf(command) });
        }
    }
  return found;
}

/** Words as a shell parts them; an argument in quotes is one. */
function wordsOf(text: string): string[] {
  return [...text.matchAll(/(?:'[^']*'|[^\s'])+/g)].map(([word]) => word);
}

/** What is wrong with a command line: a command or an option that is not there. */
function faultsOf({ at, program, words }: Found): string[] {
  const faults: string[] = [];
  let now = [programs[program]].filter((command) => command !== undefined);
  const known = new Set<string>(["--help", "-h"]);
  const valued = new Set<string>();
  const learn = () => {
    for (const { long, short, required, optional } of now.flatMap(({ options }) => options))
      for (const flag of [long, short]) {
        if (flag === undefined) continue;
        known.add(flag);
        if (required || optional) valued.add(flag);
      }
  };
  learn();
  let [isCommand, isValue] = [true, false];
  for (const word of words) {
    if (isValue) {
      isValue = false;
      continue;
    }
    if (word.startsWith("-")) {
      const flag = word.replace(/[=|].*$/, "").replace(/[.,:;)]+$/, "");
      if (!known.has(flag)) faults.push(`${at}: ${program} ${words.join(" ")}: no option ${flag}`);
      isValue = valued.has(flag) && !word.includes("=");
      continue;
    }
    if (!isCommand) continue;
    // "a|b" stands for one of them.
    const names = word.replace(/[.,:;)]+$/, "").split("|");
    const next = now.flatMap(({ commands }) =>
      commands.filter((own) => names.includes(own.name())),
    );
    if (next.length > 0 && next.length < names.length)
      faults.push(`${at}: ${program} ${words.join(" ")}: no such command among ${word}`);
    if (next.length === 0) {
      isCommand = false;
      const takes = now.some(
        ({ registeredArguments: own, commands }) => own.length > 0 || commands.length === 0,
      );
      // Prose goes on behind the name of a program or of a command that starts something.
      if (!takes && !/^(?:<|[A-Z.{$]|\u2026)/.test(word))
        faults.push(`${at}: ${program} ${words.join(" ")}: no command ${word}`);
      continue;
    }
    now = next;
    learn();
  }
  return faults;
}

test("every command line that documents and messages show exists, with its options", () => {
  const found = commandLines();
  expect(found.length).toBeGreaterThan(60);
  expect(found.flatMap((one) => faultsOf(one))).toEqual([]);
});

const faultCount = (program: string, text: string) =>
  faultsOf({ at: "x", program, words: wordsOf(text) }).length;

test("a command line with a name or an option that is not there is found", () => {
  expect(faultCount("lapwing", "storage rebuidl")).toBe(1);
  expect(faultCount("lapwing", "fleet config pause|resume|rollback web")).toBe(0);
  expect(faultCount("lapwing", "fleet config pause|resum web")).toBe(1);
  expect(faultCount("lapwing-agent", "status --jsn")).toBe(1);
  expect(faultCount("lapwing-agent", "query promql up")).toBe(1);
  expect(faultCount("lapwing", "query promql 'up{a=\"--b\"}' --url http://x")).toBe(0);
});
