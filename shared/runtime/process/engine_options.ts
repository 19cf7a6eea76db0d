/**
 * Runs the process with options of its JavaScript engine and allocator, which these read from the environment before any code of ours runs: the
 * process replaces itself once, before it has done anything: same pid, same arguments, same streams. An environment that has one of the options
 * already is left as it is. Returns where nothing is to be replaced, or can be.
 *
 * `isCompiled`: the program is a binary that needs no script; `isWanted` says whether the options are for this process.
 */
export function runWithOptions(
  options: Readonly<Record<string, string>>,
  { isCompiled, isWanted }: { readonly isCompiled: boolean; readonly isWanted: boolean },
): void {
  const names = Object.keys(options);
  if (names.some((name) => process.env[name] !== undefined)) {
    // Not for the programs that are run from here.
    for (const name of names) delete process.env[name];
    return;
  }
  if (!isWanted) return;
  const [, main = "", ...given] = process.argv;
  const source = isCompiled ? [] : [...process.execArgv, main];
  try {
    const environment = { ...process.env, ...options };
    process.execve?.(process.execPath, [process.argv0, ...source, ...given], environment);
  } catch {
    // It runs as it is, with a larger heap.
  }
}
