import { totalmem } from "node:os";
import { runWithOptions } from "#shared/runtime/process/engine_options.ts";

/**
 * Imported first by an aggregator (and `lapwing up`), for what it does: the larger the heap of JavaScriptCore is, the sooner it is collected.
 * Bun lets any heap become three times what was in use: heavy queries that hold 500 MB would take 1.5 GB. With these options a heap with 100 MB
 * in use grows to 2.5 times of it, with 250 MB to twice, with 500 MB to one and a half, with 800 MB to 1.2 times. Measured by `bench adversary`
 * (mixed_queries): a peak of 1,220 MB instead of 1,550 to 1,900; the CPU of `bench pace` is the same.
 *
 * The formulas are those of JSC's Heap.cpp (proportionalHeapSize): from 16 GiB of memory on, the factor is 1 + 2 * exp(-steepness * heap / memory);
 * below, it goes down by steps at shares of the memory.
 */
const gibibyte = 1024 ** 3;
const memoryBytes = totalmem();
/** The factor's part above 1 falls to 1/e with so much more in use. */
const falloffBytes = 0.36 * gibibyte;
/** Below 16 GiB: 2 until the heap is so large, then 1.5, then 1.24 as in JSC. */
const smallHeapBytes = 0.3 * gibibyte;
const mediumHeapBytes = 0.7 * gibibyte;

const options = {
  BUN_JSC_heapGrowthSteepnessFactor: (memoryBytes / falloffBytes).toFixed(1),
  BUN_JSC_smallHeapRAMFraction: Math.min(0.25, smallHeapBytes / memoryBytes).toFixed(3),
  BUN_JSC_mediumHeapRAMFraction: Math.min(0.5, mediumHeapBytes / memoryBytes).toFixed(3),
  /** Milliseconds between looks of the allocator's thread for pages to give back: it took 0.4 of 5 CPU-seconds per million samples at the pace of scrapes. */
  MIMALLOC_PURGE_HOLES_MIN_INTERVAL: "2000",
};

runWithOptions(options, {
  isCompiled: false,
  isWanted: process.argv[2] === "up" || process.argv[2] === "aggregator",
});
