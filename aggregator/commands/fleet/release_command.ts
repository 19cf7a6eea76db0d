import { readFile, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import type { Command } from "commander";
import {
  type Artifact,
  Manifest,
  Platform,
  manifestBytesMax,
  openManifest,
  revisionOf,
} from "#proto/update/manifest.ts";
import { makeKeyPair, parsePublicKey, signMessage } from "#proto/update/minisign.ts";
import { OperatingError, messageOf } from "#shared/errors.ts";
import type { ConfigFlags } from "#shared/runtime/config/config_file.ts";
import { configFlags } from "#shared/runtime/role_command.ts";
import { textTable } from "#shared/text/text_table.ts";
import { by, withinCatalog } from "./within_catalog.ts";
import {
  commandRollout,
  createRollout,
  listRollouts,
  rolloutAgents,
  type RolloutCommand,
} from "../../fleet/rollout/rollouts.ts";
import { binaryKind, binaryName } from "../../fleet/updates/agent_binary.ts";
import {
  ReleaseFiles,
  describeFile,
  insertRelease,
  listReleases,
  readRelease,
  releasesFolder,
} from "../../fleet/updates/releases.ts";

type SignFlags = {
  readonly key: string;
  readonly release: string;
  readonly sequence?: string;
  readonly backFrom?: string;
  readonly out?: string;
};
type RolloutFlags = ConfigFlags & {
  readonly stage?: readonly string[];
  readonly soak?: string;
  readonly applyTimeout?: string;
  readonly grace?: string;
  readonly failuresMax?: string;
};

/** As `npm run build` names them. */
const builtName = /^lapwing-agent-(linux)-(x64|arm64)(-musl)?$/;

/** `lapwing fleet release ...`: signed programs of agents. */
export function releaseCommand(command: Command): void {
  command.description("signed programs of agents: keys, signing, publishing, staged rollout");
  command
    .command("keygen")
    .description("make a pair of keys that releases are signed by, in minisign's format")
    .argument("<file>", "the secret key; FILE.pub is the public one")
    .action(keygen);
  command
    .command("sign")
    .description("sign the programs of a release, as `npm run build` names them")
    .requiredOption("--key <file>", "the secret key")
    .requiredOption("--release <version>", "what the programs tell by --version")
    .option("--sequence <number>", "higher than that of any release before", unixSeconds())
    .option("--back-from <number>", "may also replace releases up to this sequence")
    .option("--out <file>", "the manifest (default lapwing-agent-VERSION.json); FILE.minisig too")
    .argument("<program...>")
    .action(signRelease);
  configFlags(
    command.command("publish").description("hand a signed release to the aggregator, for rollouts"),
  )
    .argument("<manifest>", "with its signature beside it, as MANIFEST.minisig")
    .argument("<program...>")
    .action(publish);
  configFlags(command.command("list").description("tell the releases that are published")).action(
    list,
  );
  rolloutFlags(
    configFlags(command.command("rollout").description("bring a release to agents, in stages")),
  )
    .argument("<revision>", "as list tells it")
    .action(rollout);
  configFlags(command.command("status").description("how the last rollout goes")).action(status);
  for (const [name, what] of [
    ["pause", "no more agents get the release"],
    ["resume", "go on"],
    ["rollback", "all agents get back what they had before"],
  ] as const)
    configFlags(command.command(name).description(what)).action((flags: ConfigFlags) =>
      order(name, flags),
    );
}

function rolloutFlags(command: Command): Command {
  return command
    .option("--stage <agents>", '"5" or "10%" of the agents; repeatable', collect)
    .option("--soak <duration>", "how long a stage must run well")
    .option("--apply-timeout <duration>", "a live agent that has not taken it within has failed")
    .option("--grace <duration>", "an agent that is worse than before for so long has failed")
    .option("--failures-max <number>", "more failures roll everything back");
}

function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

async function keygen(file: string): Promise<void> {
  const { publicText, secretText } = makeKeyPair();
  try {
    await writeFile(file, secretText, { mode: 0o600, flag: "wx" });
    await writeFile(`${file}.pub`, publicText, { flag: "wx" });
  } catch (cause) {
    const message = `${file} can't be made, or is there already: ${messageOf(cause)}`;
    throw new OperatingError("bad_request", message, { cause });
  }
  console.log(`for self_update.public_keys and fleet.release_keys: ${publicText.split("\n")[1]}`);
}

async function signRelease(programs: readonly string[], flags: SignFlags): Promise<void> {
  const artifacts: Artifact[] = [];
  for (const path of programs)
    artifacts.push({ ...platformIn(path), ...(await describeFile(path)) });
  const manifest = Manifest.safeParse({
    format: 1,
    product: "lapwing-agent",
    version: flags.release,
    sequence: Number(flags.sequence),
    ...(flags.backFrom !== undefined && { back_from: Number(flags.backFrom) }),
    created: new Date().toISOString(),
    artifacts,
  });
  if (!manifest.success) {
    const keys = manifest.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
    throw new OperatingError("bad_request", `this can't be signed: ${keys.join("; ")}`);
  }
  const text = `${JSON.stringify(manifest.data, undefined, 1)}\n`;
  if (text.length > manifestBytesMax)
    throw new OperatingError("bad_request", "these are too many programs for one release");
  const secret = await readText(flags.key);
  const revision = revisionOf(manifest.data);
  const signature = signMessage(Buffer.from(text), secret, `lapwing-agent ${revision}`);
  const out = flags.out ?? `lapwing-agent-${flags.release}.json`;
  await writeFile(out, text);
  await writeFile(`${out}.minisig`, signature);
  console.log(`release ${revision} is signed: ${out} and ${out}.minisig`);
}

async function publish(
  path: string,
  programs: readonly string[],
  flags: ConfigFlags,
): Promise<void> {
  const signed = { manifest: await readText(path), signature: await readText(`${path}.minisig`) };
  const revision = await withinCatalog(
    flags,
    async (catalog, { tenant, fleet, data_dir: dataDir }) => {
      if (fleet.release_keys.length === 0)
        throw new OperatingError(
          "bad_request",
          "fleet.release_keys is empty: whose signature counts?",
        );
      const manifest = openManifest(signed, fleet.release_keys.map(parsePublicKey));
      const files = new ReleaseFiles(releasesFolder(dataDir));
      const given = new Map<string, string>();
      for (const program of programs) given.set((await describeFile(program)).sha256, program);
      for (const artifact of manifest.artifacts) {
        const program = given.get(artifact.sha256);
        if (program !== undefined) await files.store(program, artifact);
        else if ((await files.size(artifact.sha256)) === 0)
          throw new OperatingError("bad_request", missingProgram(artifact, given));
      }
      return insertRelease(catalog, tenant, signed, by());
    },
  );
  console.log(`release ${revision} is published; lapwing fleet release rollout ${revision}`);
}

/** A program that was built again since the release was made has another checksum. */
function missingProgram(
  wanted: {
    readonly os: string;
    readonly arch: string;
    readonly libc: string;
    readonly sha256: string;
  },
  given: ReadonlyMap<string, string>,
): string {
  const { os, arch, libc, sha256 } = wanted;
  const files = Array.from(given, ([sum, path]) => `${path} has ${sum}`).join(", ");
  return (
    `no program for ${os}-${arch} (${libc}): the release wants SHA-256 ${sha256}, ` +
    `${files === "" ? "and no program was given" : `but ${files}`}. ` +
    "Give the file that the release was made of, or make the release again"
  );
}

async function list(flags: ConfigFlags): Promise<void> {
  const releases = await withinCatalog(flags, (catalog, { tenant }) =>
    listReleases(catalog, tenant),
  );
  const rows = releases.map(({ revision, publishedMs, actor, manifest }) => [
    revision,
    new Date(publishedMs).toISOString(),
    Manifest.parse(JSON.parse(manifest))
      .artifacts.map(({ arch, libc }) => `${arch}-${libc}`)
      .join(","),
    actor,
  ]);
  process.stdout.write(textTable([["REVISION", "PUBLISHED", "FOR", "BY"], ...rows]));
}

async function rollout(revision: string, flags: RolloutFlags): Promise<void> {
  const plan = {
    ...(flags.stage !== undefined && { stages: [...flags.stage] }),
    ...(flags.soak !== undefined && { soak: flags.soak }),
    ...(flags.applyTimeout !== undefined && { apply_timeout: flags.applyTimeout }),
    ...(flags.grace !== undefined && { grace: flags.grace }),
    ...(flags.failuresMax !== undefined && { failures_max: Number(flags.failuresMax) }),
  };
  const made = await withinCatalog(flags, async (catalog, { tenant }) => {
    if ((await readRelease(catalog, { tenant, revision })) === undefined)
      throw new OperatingError("not_found", `release "${revision}" is not published`);
    const release = { tenant, kind: binaryKind, name: binaryName, revision };
    return createRollout(catalog, release, plan, by());
  });
  console.log(`rollout ${made.id} of ${revision} is ${made.state}`);
}

async function order(command: RolloutCommand, flags: ConfigFlags): Promise<void> {
  const next = await withinCatalog(flags, (catalog, { tenant }) => {
    const release = { tenant, kind: binaryKind, name: binaryName };
    return commandRollout(catalog, release, command, by());
  });
  console.log(`rollout ${next.id} of ${next.revision} is ${next.state}`);
}

async function status(flags: ConfigFlags): Promise<void> {
  const told = await withinCatalog(flags, async (catalog, { tenant }) => {
    const release = { tenant, kind: binaryKind, name: binaryName };
    const [last] = await listRollouts(catalog, release);
    return last && { last, agents: await rolloutAgents(catalog, last.id) };
  });
  if (told === undefined) return console.log("nothing was rolled out yet");
  const { last, agents } = told;
  const why = last.reason === "" ? "" : `: ${last.reason}`;
  console.log(`rollout ${last.id} of ${last.revision} is ${last.state}${why}`);
  const rows = agents.map(({ agent, state, reason }) => [agent, state, reason]);
  process.stdout.write(textTable([["AGENT", "STATE", "REASON"], ...rows]));
}

function platformIn(path: string): Platform {
  const [, os, arch, musl] = builtName.exec(basename(path)) ?? [];
  const libc = musl === undefined ? "glibc" : "musl";
  const platform = Platform.safeParse({ os, arch, libc });
  if (platform.success) return platform.data;
  throw new OperatingError(
    "bad_request",
    `${path}: expected a name such as lapwing-agent-linux-x64 or lapwing-agent-linux-x64-musl`,
  );
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new OperatingError("not_found", `${path} can't be read: ${messageOf(cause)}`, { cause });
  }
}

/** Grows by itself. */
function unixSeconds(): string {
  return String(Math.floor(Date.now() / 1_000));
}
