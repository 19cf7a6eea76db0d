import { chmod, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { z } from "zod";
import { messageOf } from "#shared/errors.ts";
import { type ConfigFlags, loadConfig } from "#shared/runtime/config/config_file.ts";
import { version } from "#shared/version.ts";
import { SelfUpdateConfig } from "./config.ts";
import { platformOf } from "./platform.ts";
import { type Chosen, type State, Versions } from "./versions.ts";

/** Of the environment: which release this process is, and the installed program that started it. They go no further. */
const releaseVariable = "_LAPWING_RELEASE";
const launcherVariable = "_LAPWING_LAUNCHER";
/** A program that is run from its source is somebody's working copy. */
const isCompiled = Bun.main.startsWith("/$bunfs/");
/** What the watchdog leaves in the mark. */
const hung = "hung";
/** So often a new release may be started before it is well: a host may be switched off just then. */
const startsMax = 3;
/** Longer than the release's own limit, for one that does nothing any more. */
const watchdogSlackMs = 15_000;

/** What this process is. */
export type Launched = {
  readonly versions: Versions;
  /** undefined: the installed program. */
  readonly release: Chosen | undefined;
  readonly isTrial: boolean;
  /** The installed program. */
  readonly launcher: string;
};

/** Only what decides: the rest of the file may be for a newer release than this program. */
const Early = z.looseObject({
  data_dir: z.string().default("./data"),
  self_update: SelfUpdateConfig.prefault({}),
});

/**
 * Called first by an agent. In the installed program it starts the release that is to run, in its own place (the same process id), and does
 * not come back; in that release, or where there is none, it says what this process is. undefined: the agent is not brought up to date by
 * itself. A release is verified at every start; one that is not as it was signed, or was started too often without being well, is given up
 * for the one before.
 */
export async function launch(flags: ConfigFlags): Promise<Launched | undefined> {
  const { data_dir: dataDir, self_update: config } = await loadConfig(Early, flags);
  const platform = platformOf();
  if (!config.enabled || platform === undefined || !isCompiled) return undefined;
  const folder = join(resolve(dataDir), "agent", "versions");
  const versions = new Versions(folder, config.public_keys, platform);
  const launcher = process.env[launcherVariable] ?? process.execPath;
  const release = process.env[releaseVariable];
  delete process.env[launcherVariable];
  delete process.env[releaseVariable];
  if (release !== undefined) {
    const { trial, current } = await versions.state();
    const isTrial = trial?.sha256 === release;
    const chosen = isTrial ? { ...trial, starts: undefined } : current;
    return { versions, launcher, isTrial, release: chosen && chosenOf(chosen) };
  }
  await startRelease(versions, config.healthy_within);
  return { versions, launcher, isTrial: false, release: undefined };
}

/** Replaces this process by a program; comes back only where that is not possible. */
export function replaceBy(program: string, variables: Readonly<Record<string, string>> = {}): void {
  const [, , ...given] = process.argv;
  process.execve?.(program, [process.argv0, ...given], { ...process.env, ...variables });
}

/** Marks a release as given up, so that it is not tried again by the same rollout. */
export function givenUp(state: State, chosen: Chosen, reason: string): State {
  const { trial: _trial, ...rest } = state;
  return { ...rest, failed: { ...chosenOf(chosen), reason } };
}

/** Tells one installed program from another that took its place. */
async function installedName(): Promise<string> {
  const { size, mtimeMs } = await stat(process.execPath);
  return `${version} ${size} ${Math.floor(mtimeMs)}`;
}

async function startRelease(versions: Versions, healthyWithinMs: number): Promise<void> {
  let state = await ownersWill(versions);
  for (;;) {
    const { trial, current } = state;
    if (trial !== undefined && trial.starts >= startsMax) {
      state = givenUp(state, trial, `it ended ${trial.starts} times before it was well`);
      await versions.save(state);
      continue;
    }
    if (trial !== undefined && trial.starts > 0 && (await hasHung(versions))) {
      state = givenUp(state, trial, "it hung, and was killed");
      await versions.save(state);
      // Of this trial, and not of the next.
      await rm(trialMark(versions), { force: true });
      continue;
    }
    const next = trial ?? current;
    if (next === undefined) return;
    try {
      await versions.verify(next.sha256);
      const program = versions.programOf(next.sha256);
      await chmod(program, 0o700);
      if (trial !== undefined) {
        await versions.save({ ...state, trial: { ...trial, starts: trial.starts + 1 } });
        await startWatchdog(versions, healthyWithinMs + watchdogSlackMs);
      }
      replaceBy(program, {
        [releaseVariable]: next.sha256,
        [launcherVariable]: process.execPath,
      });
      throw new Error("it can't be started in this process's place");
    } catch (thrown) {
      state = givenUp(state, next, messageOf(thrown));
      if (trial === undefined) state = backTo(state);
      await versions.save(state);
    }
  }
}

/** Whoever installs another program by hand wants that one to run; orders that come later count again. */
async function ownersWill(versions: Versions): Promise<State> {
  const state = await versions.state();
  const installed = await installedName();
  if (state.installed === installed) return state;
  const kept = { failed: state.failed, sequence: state.sequence, installed };
  await versions.save(kept);
  return kept;
}

/** What ran before takes the place of what runs. */
function backTo(state: State): State {
  const { previous, current: _current, ...rest } = state;
  return previous === undefined ? rest : { ...rest, current: previous };
}

function chosenOf({ sha256, revision, rollout }: Chosen): Chosen {
  return { sha256, revision, rollout };
}

async function hasHung(versions: Versions): Promise<boolean> {
  const text = await readFile(trialMark(versions), "utf8").catch(() => "");
  return text.trim() === hung;
}

/** Removed when the release is well; the watchdog looks for it. */
export function trialMark(versions: Versions): string {
  return join(versions.folder, "trial");
}

/**
 * A release that hangs can't end itself: a shell (its pages are a fraction of an agent's) waits beside it, and kills it when the mark is
 * still there after the time. Only this very process: its start, in ticks since the host's, is compared (proc_pid_stat(5), field 22).
 */
async function startWatchdog(versions: Versions, afterMs: number): Promise<void> {
  const mark = trialMark(versions);
  await writeFile(mark, `${process.pid}\n`, { mode: 0o600 });
  const script = `start() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }
begun=$(start "$1"); i=0
while [ "$i" -lt "$3" ]; do
  sleep 1; i=$((i + 1))
  [ -e "$2" ] && [ "$(start "$1")" = "$begun" ] || exit 0
done
echo ${hung} > "$2"
kill -9 "$1"`;
  const seconds = String(Math.ceil(afterMs / 1_000));
  try {
    // Between the two shells' ends it becomes init's child, so that nobody has to wait for it.
    const given = ["-c", `sh -c "$0" sh "$@" &`, script, String(process.pid), mark, seconds];
    const child = Bun.spawn(["sh", ...given], {
      stdin: "ignore",
      stdout: "ignore",
      stderr: "ignore",
    });
    await child.exited;
  } catch {
    // Without a shell there is the limit that the release keeps itself.
    await rm(mark, { force: true });
  }
}
