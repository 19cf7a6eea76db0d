import { chmod, mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Platform } from "#proto/update/manifest.ts";
import { type ReleaseRequest, WantedRelease, errorHeader } from "#proto/update/wire.ts";
import { OperatingError, messageOf } from "#shared/errors.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import type { SelfUpdateConfig } from "./config.ts";
import { type AskChunk, download } from "./download.ts";
import { type Launched, givenUp, trialMark } from "./launcher.ts";
import { type Chosen, type Release, type State, isAllowed, programName } from "./versions.ts";

export type UpdaterParts = {
  readonly launched: Launched;
  readonly platform: Platform;
  readonly config: SelfUpdateConfig;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: SelfMetrics;
  /** What is not as it should be: something is not started, spool, connection, no answer to heartbeats. None: the agent is well. */
  readonly troubles: () => readonly string[];
  /** Ends the agent as any stop does, and starts the installed program in its place. */
  readonly restart: () => void;
};

/** Hands a request (JSON) to the aggregator over a connection, and gives the answer. Throws where there is none. */
export type AskRelease = (body: string) => Promise<ReleaseAnswer>;
export type ReleaseAnswer = {
  readonly data: Uint8Array;
  readonly headers?: { get(name: string): string } | undefined;
};

export type UpdaterState = {
  readonly revision: string;
  readonly rollout: string;
  readonly state: "idle" | "downloading" | "restarting" | "trial" | "failed";
  readonly wantedRevision: string;
  readonly wantedRollout: string;
  readonly error: string;
};

const trialPollMs = 250;
const versionTimeoutMs = 30_000;
/** A download that is not what was signed may have suffered on this host's disk: once it is tried again. */
const corruptMax = 2;

/**
 * Brings the agent to the release that the aggregator wants it to run. Nothing of a release is run before its signature and every byte are
 * verified; then only to ask it for its version; then as the agent, on trial: it must be well within a time, or the one before runs again.
 */
export class Updater {
  readonly #parts: UpdaterParts;
  readonly #count: (result: string) => void;
  readonly #stopped = new AbortController();
  #isEnding = false;
  #corrupt = 0;
  #own: { revision: string; rollout: string };
  #shown: Pick<UpdaterState, "state" | "wantedRevision" | "wantedRollout" | "error">;
  #trial: Promise<void> = Promise.resolve();

  constructor(parts: UpdaterParts) {
    this.#parts = parts;
    const { isTrial, release } = parts.launched;
    const { revision = "", rollout = "" } = release ?? {};
    this.#own = { revision, rollout };
    const wanted = { wantedRevision: revision, wantedRollout: rollout };
    this.#shown = { state: isTrial ? "trial" : "idle", ...wanted, error: "" };
    const updates = parts.metrics.counter(
      "lapwing_update_releases_total",
      "Releases that the agent was told to run, by what became of them.",
      ["result"],
    );
    this.#count = (result) => updates.inc({ result });
  }

  state(): UpdaterState {
    return { ...this.#own, ...this.#shown };
  }

  start(): void {
    if (this.#parts.launched.isTrial) this.#trial = this.#watchTrial();
  }

  async close(): Promise<void> {
    this.#stopped.abort();
    await this.#trial;
  }

  /** Over one connection, until it ends. */
  async run(ask: AskRelease, signal: AbortSignal): Promise<void> {
    const { clock, config } = this.#parts;
    while (!signal.aborted) {
      await this.#turn(ask, signal);
      await clock.sleep(config.check_interval * (0.8 + 0.4 * Math.random()), signal);
    }
  }

  async #turn(ask: AskRelease, signal: AbortSignal): Promise<void> {
    if (this.#isEnding || this.#shown.state === "trial") return;
    const { platform, log } = this.#parts;
    try {
      const wanted = await askWanted(ask, platform);
      if (this.#isEnding || "unknown" in wanted) return;
      if ("installed" in wanted) await this.#goToInstalled();
      else await this.#goTo(wanted, askChunkBy(ask), signal);
    } catch (thrown) {
      const error = messageOf(thrown);
      if (error !== this.#shown.error) log.warn("release not taken, tried again", { error });
      this.#shown = { ...this.#shown, error };
    }
  }

  async #goToInstalled(): Promise<void> {
    const { versions, release } = this.#parts.launched;
    if (release === undefined) {
      this.#show("idle", { revision: "", rollout: "" });
      return;
    }
    const { current, ...state } = await versions.state();
    await versions.save({ ...state, ...(current !== undefined && { previous: current }) });
    this.#restart({ revision: "", rollout: "" });
  }

  async #goTo(
    wanted: Extract<WantedRelease, { manifest: string }>,
    ask: AskChunk,
    signal: AbortSignal,
  ): Promise<void> {
    const { launched } = this.#parts;
    const { versions } = launched;
    const { manifest, signature, rollout, transfer_bytes: transferBytes } = wanted;
    const state = await versions.state();
    let chosen: Chosen = { sha256: "", revision: "", rollout };
    try {
      const release = versions.open({ manifest, signature });
      const { artifact, revision } = release;
      chosen = { sha256: artifact.sha256, revision, rollout };
      if (launched.release?.sha256 === artifact.sha256) return await this.#keep(state, chosen);
      const { failed } = state;
      if (failed?.rollout === rollout && failed.sha256 === chosen.sha256)
        return this.#show("failed", chosen, failed.reason);
      this.#check(state, release);
      this.#show("downloading", chosen);
      await this.#prepare(release, transferBytes, ask, signal);
    } catch (thrown) {
      if (!this.#isFinal(thrown)) throw thrown;
      return this.#giveUp(state, chosen, messageOf(thrown));
    }
    await versions.save({ ...state, trial: { ...chosen, starts: 0 } });
    this.#restart(chosen);
  }

  /** It runs already; perhaps another rollout says so now. */
  async #keep(state: State, chosen: Chosen): Promise<void> {
    if (!Bun.deepEquals(state.current, chosen))
      await this.#parts.launched.versions.save({ ...state, current: chosen });
    this.#own = { revision: chosen.revision, rollout: chosen.rollout };
    this.#show("idle", chosen);
  }

  #check(state: State, release: Release): void {
    const { size } = release.artifact;
    const { size_max: sizeMax } = this.#parts.config;
    if (size > sizeMax)
      throw new OperatingError(
        "bad_request",
        `the program has ${size} bytes, and self_update.size_max is ${sizeMax}`,
      );
    if (isAllowed(state, release)) return;
    const { sequence } = release;
    const message = `release ${sequence} is older than ${state.sequence}, and not signed for going back`;
    throw new OperatingError("bad_request", message);
  }

  /** Leaves the release in its folder: verified, and it runs on this host. */
  async #prepare(
    release: Release,
    transferBytes: number,
    ask: AskChunk,
    signal: AbortSignal,
  ): Promise<void> {
    const { versions } = this.#parts.launched;
    const { artifact, signed, version } = release;
    const isThere = await versions.verify(artifact.sha256).then(
      () => true,
      () => false,
    );
    if (isThere) return;
    if (transferBytes > artifact.size + 1_048_576)
      throw new OperatingError("corrupt", `${transferBytes} bytes to bring are too many`);
    const path = await download(versions.incoming, artifact, transferBytes, ask, signal);
    await versions.checkProgram(path, artifact);
    await chmod(path, 0o700);
    await checkVersion(path, version);
    const whole = join(versions.incoming, artifact.sha256);
    await mkdir(whole, { recursive: true, mode: 0o700 });
    await rename(path, join(whole, programName));
    await versions.writeRelease(whole, signed);
    const target = join(versions.folder, artifact.sha256);
    await rm(target, { recursive: true, force: true });
    await rename(whole, target);
    await syncFolder(versions.folder);
  }

  /** What another attempt would not mend. */
  #isFinal(thrown: unknown): boolean {
    if (!(thrown instanceof OperatingError)) return false;
    if (thrown.code === "corrupt") return ++this.#corrupt >= corruptMax;
    return thrown.code === "bad_request" || thrown.code === "not_found";
  }

  async #giveUp(state: State, chosen: Chosen, reason: string): Promise<void> {
    const { launched, log } = this.#parts;
    this.#corrupt = 0;
    this.#show("failed", chosen, reason);
    this.#count("failed");
    log.error("release given up", { revision: chosen.revision, error: reason });
    await launched.versions.save(givenUp(state, chosen, reason));
  }

  #restart(chosen: { readonly revision: string; readonly rollout: string }): void {
    const { log, restart } = this.#parts;
    this.#isEnding = true;
    this.#show("restarting", chosen);
    this.#count("started");
    log.info("restarting as another release", { revision: chosen.revision || "as installed" });
    restart();
  }

  /** Until it is known to be well, or is not in time: then the one before runs again. */
  async #watchTrial(): Promise<void> {
    const { clock, config, launched, log, restart, troubles } = this.#parts;
    const { signal } = this.#stopped;
    const { release } = launched;
    if (release === undefined) return;
    const endMs = clock.monotonic() + config.healthy_within;
    while (!signal.aborted) {
      const why = troubles();
      if (why.length === 0) return this.#confirm(release);
      if (clock.monotonic() > endMs) {
        const seconds = config.healthy_within / 1_000;
        const reason = `not well within ${seconds} s: ${why.join("; ")}`;
        // Before it shows as failed: from here on nothing else is taken.
        this.#isEnding = true;
        await this.#giveUp(await launched.versions.state(), release, reason);
        await rm(trialMark(launched.versions), { force: true });
        log.warn("the release before runs again", { revision: release.revision });
        return restart();
      }
      await clock.sleep(trialPollMs, signal);
    }
  }

  async #confirm(release: Chosen): Promise<void> {
    const { versions } = this.#parts.launched;
    const { trial: _trial, current, previous, ...state } = await versions.state();
    const { sequence } = await versions.verify(release.sha256);
    const before = current ?? previous;
    const next: State = {
      ...state,
      current: release,
      ...(before !== undefined && { previous: before }),
      sequence: Math.max(state.sequence, sequence),
    };
    await versions.save(next);
    await rm(trialMark(versions), { force: true });
    await versions.tidy(next);
    this.#show("idle", release);
    this.#count("confirmed");
    this.#parts.log.info("the release is well", { revision: release.revision });
  }

  #show(
    state: UpdaterState["state"],
    wanted: { readonly revision: string; readonly rollout: string },
    error = "",
  ): void {
    const { revision: wantedRevision, rollout: wantedRollout } = wanted;
    this.#shown = { state, wantedRevision, wantedRollout, error };
  }
}

async function askWanted(ask: AskRelease, platform: Platform): Promise<WantedRelease> {
  const { data } = checked(await ask(requestText({ kind: "wanted", platform })));
  return WantedRelease.parse(JSON.parse(Buffer.from(data).toString("utf8")));
}

function askChunkBy(ask: AskRelease): AskChunk {
  return async (sha256, offset) =>
    checked(await ask(requestText({ kind: "chunk", sha256, offset }))).data;
}

function requestText(request: ReleaseRequest): string {
  return JSON.stringify(request);
}

function checked(answer: ReleaseAnswer): ReleaseAnswer {
  const error = answer.headers?.get(errorHeader) ?? "";
  if (error === "") return answer;
  throw new OperatingError("unavailable", `the aggregator: ${error}`);
}

/** Runs it for the first time, only to hear who it is. Throws OperatingError "corrupt". */
async function checkVersion(path: string, version: string): Promise<void> {
  let told: string;
  try {
    const child = Bun.spawn([path, "--version"], {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "ignore",
      env: {},
      timeout: versionTimeoutMs,
      killSignal: "SIGKILL",
    });
    told = (await new Response(child.stdout).text()).trim().slice(0, 100);
  } catch (cause) {
    const message = `the program can't be run: ${messageOf(cause)}`;
    throw new OperatingError("bad_request", message, { cause });
  }
  if (told === version) return;
  throw new OperatingError("bad_request", `the program says "${told}", expected ${version}`);
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
