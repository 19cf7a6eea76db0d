#!/usr/bin/env bun
/** `lapwing`. The command line is loaded when the process is the one that will run it. */
import "#agent/small_heap.ts";
import "#aggregator/bounded_heap.ts";

const { runCommandLine } = await import("./command_line.ts");
await runCommandLine();
