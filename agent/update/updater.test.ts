import { afterAll, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeKeyPair, signMessage } from "#proto/update/minisign.ts";
import { chunkBytesMax, errorHeader } from "#proto/update/wire.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { SelfUpdateConfig } from "./config.ts";
import { type AskRelease, Updater } from "./updater.ts";
import { type Chosen, Versions, isAllowed } from "./versions.ts";

const root = mkdtempSync(join(tmpdir(), "lapwing-updater-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const pair = makeKeyPair();
const publicKey = pair.publicText.split("\n")[1] ?? "";
const platform = { os: "linux", arch: "x64", libc: "glibc" } as const;
let folders = 0;

/** A program that tells a version; the rest of it makes it some pieces long. */
function programOf(version: string, script = `echo ${version}`): Buffer {
  const noise = Buffer.from(crypto.getRandomValues(new Uint8Array(60_000))).toString("hex");
  return Buffer.from(`#!/bin/sh\n${script}\nexit 0\n${`# ${noise}\n`.repeat(10)}`);
}

type Offer = {
  readonly version?: string;
  readonly sequence?: number;
  readonly backFrom?: number;
  readonly program?: Buffer;
  readonly secret?: string;
  readonly arch?: "x64" | "arm64";
  /** What comes in the place of what is asked for. */
  readonly sent?: (packed: Uint8Array) => Uint8Array;
};

function offerOf(offer: Offer) {
  const { version = "1.2.3", sequence = 5, arch = "x64", secret = pair.secretText } = offer;
  const program = offer.program ?? programOf(version);
  const sha256 = createHash("sha256").update(program).digest("hex");
  const manifest = JSON.stringify({
    format: 1,
    product: "lapwing-agent",
    version,
    sequence,
    ...(offer.backFrom !== undefined && { back_from: offer.backFrom }),
    created: "2026-01-01T00:00:00Z",
    artifacts: [{ ...platform, arch, size: program.length, sha256 }],
  });
  const signature = signMessage(Buffer.from(manifest), secret, version);
  const sent = (offer.sent ?? ((bytes) => bytes))(Bun.zstdCompressSync(program));
  return { manifest, signature, sent, sha256, revision: `${version}-${sequence}` };
}

/** An agent's updater in a folder of its own, that asks an aggregator which offers what `give` was given last. */
function host(configured: Record<string, unknown> = {}) {
  const folder = join(root, String(folders++), "versions");
  const config = SelfUpdateConfig.parse({
    enabled: true,
    public_keys: [publicKey],
    check_interval: "5ms",
    healthy_within: "300ms",
    ...configured,
  });
  const versions = new Versions(folder, config.public_keys, platform);
  let offered: ReturnType<typeof offerOf> | undefined;
  let rollout = 0;
  let asked = 0;
  let failuresLeft = 0;
  const ask: AskRelease = async (body) => {
    const request = JSON.parse(body);
    if (offered === undefined) return { data: Buffer.from('{"installed":true}') };
    if (request.kind === "wanted") {
      const { manifest, signature, sent } = offered;
      const wanted = { manifest, signature, rollout: `r${rollout}`, transfer_bytes: sent.length };
      return { data: Buffer.from(JSON.stringify(wanted)) };
    }
    asked++;
    if (failuresLeft > 0) {
      failuresLeft--;
      const headers = new Map([[errorHeader, "not now"]]);
      return { data: new Uint8Array(0), headers: { get: (name) => headers.get(name) ?? "" } };
    }
    return { data: offered.sent.slice(request.offset, request.offset + chunkBytesMax) };
  };
  const give = (offer: Offer | undefined): string => {
    offered = offer === undefined ? undefined : offerOf(offer);
    rollout++;
    return offered?.revision ?? "";
  };
  /** One life of the process, until it restarts itself, or its state is as wanted. */
  const live = async (
    launched: { release?: Chosen; isTrial?: boolean },
    until: (updater: Updater) => boolean,
    isWell = true,
  ): Promise<"restarts" | "stays"> => {
    const ending = new AbortController();
    let isRestarting = false;
    const updater = new Updater({
      launched: { versions, release: undefined, isTrial: false, launcher: "", ...launched },
      platform,
      config,
      clock: systemClock,
      log: silentLogger,
      metrics: createSelfMetrics(),
      troubles: () => (isWell ? [] : ["it was not ready"]),
      restart: () => {
        isRestarting = true;
        ending.abort();
      },
    });
    updater.start();
    const running = updater.run(ask, ending.signal);
    while (!ending.signal.aborted && !until(updater)) await Bun.sleep(5);
    ending.abort();
    await updater.close();
    await running;
    return isRestarting ? "restarts" : "stays";
  };
  return {
    folder,
    versions,
    give,
    live,
    asked: () => asked,
    failNext: (count: number) => void (failuresLeft = count),
    failed: (updater: Updater) => updater.state().state === "failed",
  };
}

/** The process that a launcher would start now. */
async function launchedBy(versions: Versions) {
  const { trial, current } = await versions.state();
  const release = trial ?? current;
  if (release === undefined) return {};
  const { sha256, revision, rollout } = release;
  return { release: { sha256, revision, rollout }, isTrial: trial !== undefined };
}

const chosen = (sha256: string) => ({ sha256, revision: "", rollout: "" });
const never = () => false;
const isIdle = (updater: Updater) => updater.state().state === "idle";

test("a release is brought, verified, tried and kept, and the one before when that is wanted again", async () => {
  const { versions, give, live, asked, failNext } = host();
  const first = give({ sequence: 5 });
  failNext(2);
  expect(await live({}, never)).toBe("restarts");
  const { trial } = await versions.state();
  expect(trial).toMatchObject({ revision: first, starts: 0 });
  expect(statSync(versions.programOf(trial?.sha256 ?? "")).mode & 0o777).toBe(0o700);
  expect(await live(await launchedBy(versions), isIdle)).toBe("stays");
  expect(await versions.state()).toMatchObject({ current: { revision: first }, sequence: 5 });

  const second = give({ sequence: 6, version: "1.3.0" });
  expect(await live(await launchedBy(versions), never)).toBe("restarts");
  await live(await launchedBy(versions), isIdle);
  const state = await versions.state();
  expect(state).toMatchObject({ current: { revision: second }, previous: { revision: first } });

  // As installed, and on again: nothing has to be brought for that.
  give(undefined);
  expect(await live(await launchedBy(versions), never)).toBe("restarts");
  expect((await versions.state()).current).toBeUndefined();
  expect(await launchedBy(versions)).toEqual({});
  const before = asked();
  expect(await live({}, isIdle)).toBe("stays");
  expect(asked()).toBe(before);
  expect(readdirSync(versions.folder).filter((name) => name.length === 64)).toHaveLength(2);
}, 30_000);

test("a release that is not as it should be is given up, and the reason told", async () => {
  const other = makeKeyPair().secretText;
  const cases: [Offer, string][] = [
    [{ secret: other }, "no key that is trusted"],
    [{ arch: "arm64" }, "no build for linux-x64"],
    [{ sent: (bytes) => bytes.slice(0, -100) }, "expected 1200058"],
    [{ sent: () => Bun.zstdCompressSync(programOf("1.2.3")) }, "has SHA-256"],
    [{ sent: () => Bun.zstdCompressSync(new Uint8Array(5_000_000)) }, "more than the"],
    [{ program: programOf("9.9.9") }, 'says "9.9.9", expected 1.2.3'],
    [{ program: Buffer.from("\u007fELF no program of this host") }, "the program"],
    [{ version: "1.2" }, "version"],
  ];
  for (const [offer, why] of cases) {
    const { versions, give, live, failed } = host();
    give(offer);
    let error = "";
    const told = (updater: Updater) => {
      ({ error } = updater.state());
      return failed(updater);
    };
    expect(await live({}, told)).toBe("stays");
    expect(error).toContain(why);
    const { trial, current } = await versions.state();
    expect({ trial, current }).toEqual({ trial: undefined, current: undefined });
  }
  const small = host({ size_max: "1KiB" });
  small.give({});
  expect(await small.live({}, small.failed)).toBe("stays");
  expect(small.asked()).toBe(0);
}, 60_000);

test("a release on trial that is not well in time makes room for the one before, and its rollout does not bring it again", async () => {
  const { versions, give, live, failed } = host();
  const revision = give({});
  await live({}, never);
  expect(await live(await launchedBy(versions), never, false)).toBe("restarts");
  expect(await versions.state()).toMatchObject({
    failed: { revision, reason: "not well within 0.3 s: it was not ready" },
  });
  expect(await launchedBy(versions)).toEqual({});
  expect(await live({}, failed)).toBe("stays");
  // Another rollout of the same may try again.
  give({ sequence: 5 });
  expect(await live({}, never)).toBe("restarts");
}, 30_000);

test("an old release may run where it ran last, or is signed for going back", () => {
  const state = { current: chosen("b"), previous: chosen("a"), sequence: 7, installed: "" };
  const may = (sha256: string, sequence: number, backFrom = 0) =>
    isAllowed(state, {
      artifact: { ...platform, size: 1, sha256 },
      sequence,
      backFrom,
    });
  expect(may("c", 8)).toBe(true);
  expect(may("c", 7)).toBe(false);
  expect(may("c", 3)).toBe(false);
  expect(may("a", 3)).toBe(true);
  expect(may("c", 3, 6)).toBe(false);
  expect(may("c", 3, 7)).toBe(true);
});

test("what lies on the disk is verified again: other bytes, another release, and torn files", async () => {
  const { versions, give, live, folder } = host();
  give({});
  await live({}, never);
  const sha256 = (await versions.state()).trial?.sha256 ?? "";
  expect(await versions.verify(sha256)).toMatchObject({ revision: "1.2.3-5" });
  const failure = (name = sha256) =>
    versions.verify(name).then(
      () => "none",
      (thrown: unknown) => String(thrown),
    );
  const program = versions.programOf(sha256);
  const bytes = await Bun.file(program).bytes();
  const place = Math.floor(bytes.length / 2);
  bytes[place] = (bytes[place] ?? 0) ^ 1;
  writeFileSync(program, bytes);
  expect(await failure()).toContain("has SHA-256");
  writeFileSync(program, bytes.slice(0, 100));
  expect(await failure()).toContain("has 100 bytes");
  rmSync(program);
  expect(await failure()).toContain("can't be read");
  mkdirSync(join(folder, "f".repeat(64)));
  expect(await failure("f".repeat(64))).toContain("is no release");
  writeFileSync(join(folder, "state.json"), "{");
  expect(await versions.state()).toEqual({ sequence: 0, installed: "" });
  expect(existsSync(join(folder, "incoming", sha256))).toBe(false);
});
