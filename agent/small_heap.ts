/**
 * Imported first by the compiled agent, for what it does: makes JavaScriptCore collect when its heap is half as large again as what was
 * in use, where Bun lets it become three times as large. What lies there between collections is memory that a host pays for.
 *
 * The engine reads its options from the environment before any code of ours runs, so the process replaces itself once, before it has done
 * anything: same pid, same arguments, same streams. Whoever sets one of these variables is left his own choice. The names are those of
 * JSC's OptionsList.h, and Bun's defaults stand in its ZigGlobalObject.cpp.
 */
const options = {
  /** On machines with 16 GiB and more: 1 + this times what was in use. Bun: 2. */
  BUN_JSC_heapGrowthMaxIncrease: "0.5",
  /** On smaller ones the factor itself. JSC: 2. */
  BUN_JSC_smallHeapGrowthFactor: "1.5",
};

/** Where the program of a compiled binary seems to lie; run from source it is left as it is. */
const compiledFolder = "/$bunfs/";

const names = Object.keys(options);
if (names.some((name) => process.env[name] !== undefined)) {
  // Not for the programs that are run from here.
  for (const name of names) delete process.env[name];
} else if (Bun.main.startsWith(compiledFolder)) replaceProcess();

function replaceProcess(): void {
  const [, , ...given] = process.argv;
  try {
    process.execve?.(process.execPath, [process.argv0, ...given], { ...process.env, ...options });
  } catch {
    // It runs as it is, with a larger heap.
  }
}
