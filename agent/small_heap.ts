import { runWithOptions } from "#shared/runtime/process/engine_options.ts";

/**
 * Imported first by an agent, for what it does: makes JavaScriptCore collect when its heap is half as large again as what was in use, where
 * Bun lets it become three times as large. What lies there between collections is memory that a host pays for. Where an agent is part of a
 * larger process (`lapwing up`), the heap is the aggregator's (aggregator/bounded_heap.ts).
 *
 * The names are those of JSC's OptionsList.h and of Bun's mimalloc, and Bun's defaults stand in its ZigGlobalObject.cpp.
 */
const options = {
  /** On machines with 16 GiB and more: 1 + this times what was in use. Bun: 2. */
  BUN_JSC_heapGrowthMaxIncrease: "0.5",
  /** On smaller ones the factor itself. JSC: 2. */
  BUN_JSC_smallHeapGrowthFactor: "1.5",
  /** One thread that compiles hot code; each keeps what its largest function took. JSC: up to as many as there are cores. */
  BUN_JSC_minNumberOfWorklistThreads: "1",
  BUN_JSC_maxNumberOfWorklistThreads: "1",
  /** Executions before code is compiled a second and a third time; JSC: 1,000 and 100,000. What an agent does is small and steady: little of it is worth the compiler, and what that keeps. Under load it is reached within seconds. */
  BUN_JSC_thresholdForOptimizeAfterWarmUp: "3000",
  BUN_JSC_thresholdForOptimizeAfterLongWarmUp: "3000",
  BUN_JSC_thresholdForOptimizeSoon: "3000",
  BUN_JSC_thresholdForFTLOptimizeAfterWarmUp: "1000000",
  BUN_JSC_thresholdForFTLOptimizeSoon: "1000000",
  /** Milliseconds between looks of the allocator's thread for pages to give back; it woke 23 times a second, for a sixth of an idle agent's CPU. */
  MIMALLOC_PURGE_HOLES_MIN_INTERVAL: "2000",
  /** Requests under way at once; Bun: 256. So many targets that do not answer would hold up all others until they time out. */
  BUN_CONFIG_MAX_HTTP_REQUESTS: "32768",
};

/** Where the program of a compiled binary seems to lie: it is an agent and nothing else. */
const isCompiled = Bun.main.startsWith("/$bunfs/");
runWithOptions(options, { isCompiled, isWanted: isCompiled || process.argv[2] === "agent" });
