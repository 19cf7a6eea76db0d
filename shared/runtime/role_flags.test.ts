import { expect, test } from "bun:test";
import { Command } from "commander";
import { configFlags } from "./role_command.ts";
import { roleFlags } from "./role_flags.ts";

const known = [
  [],
  ["--config", "a.yaml"],
  ["-c", "a.yaml", "--data-dir=/var/lib/lapwing"],
  ["-ca.yaml", "--set", "a=b", "--set", "c=--d", "--log-level", "debug", "--listen", ":0"],
  ["--config=a.yaml", "--config=b.yaml"],
];

test("roleFlags() reads what Commander reads", () => {
  for (const given of known) {
    const command = configFlags(new Command()).parse(given, { from: "user" });
    expect(roleFlags(given)).toEqual(command.opts());
  }
});

test("roleFlags() leaves to Commander what it is to explain", () => {
  const others = [["detect"], ["--help"], ["-v"], ["--config"], ["--confg", "a"], ["a.yaml"]];
  for (const given of others) expect(roleFlags(given)).toBeUndefined();
});
