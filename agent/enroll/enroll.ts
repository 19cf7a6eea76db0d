import { existsSync } from "node:fs";
import { open, readFile, rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createUser, fromSeed, type KeyPair } from "nkeys.js";
import { stringify } from "yaml";
import { z } from "zod";
import { EnrolmentAnswer, type EnrolmentRequest, enrolmentPath } from "#proto/fleet/enrolment.ts";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { hostName } from "#shared/runtime/base_config.ts";
import { type ConfigFlags, loadConfig } from "#shared/runtime/config_file.ts";
import { AgentConfig } from "../config.ts";
import { agentId } from "../identity.ts";

export type EnrollFlags = ConfigFlags & {
  readonly url: string;
  readonly token?: string;
  readonly tokenFile?: string;
};

const requestTimeoutMs = 30_000;
/** A fleet that enrols at once is told to wait; so many times a host does. */
const triesMax = 20;
const retryMs = 1_500;

/**
 * Makes a key, has it signed by the aggregator, and writes credentials and a configuration. The key is kept from the first attempt on, so
 * that an answer that was lost can be asked for again. Throws ConfigError and OperatingError.
 */
export async function enroll(flags: EnrollFlags): Promise<void> {
  const token = await tokenOf(flags);
  const url = new URL(enrolmentPath, addressOf(flags.url));
  const target = flags.config ?? process.env.LAPWING_CONFIG;
  const isNew = target !== undefined && !existsSync(target);
  if (isNew && flags.config === undefined) delete process.env.LAPWING_CONFIG;
  const config = await loadConfig(AgentConfig, isNew ? { ...flags, config: undefined } : flags);
  const dataDir = resolve(config.data_dir);
  const folder = join(dataDir, "agent");
  const agent = await agentId(folder);
  const name = config.agent.name ?? hostName();
  const seedFile = join(folder, "nats.seed");
  const key = await keyOf(seedFile);
  const answer = await ask(url, { token, agent, name, public_key: key.getPublicKey() });
  const credsFile = join(folder, "nats.creds");
  await writePrivate(credsFile, credsText(answer.jwt, key));
  const pieces = stringify({
    tenant: answer.tenant,
    data_dir: dataDir,
    agent: { name, labels: { ...answer.labels, ...config.agent.labels } },
    nats: { servers: answer.servers, creds_file: credsFile },
  });
  const file = isNew ? resolve(target) : join(folder, "enrolled.yaml");
  await writePrivate(file, pieces);
  await rm(seedFile);
  console.log(`agent ${agent} is enrolled; credentials are in ${credsFile}`);
  if (isNew || target === undefined) console.log(`start it with: lapwing agent --config ${file}`);
  else console.log(`put the keys of ${file} into ${target}, and start it again`);
}

async function tokenOf({ token, tokenFile }: EnrollFlags): Promise<string> {
  if ((token === undefined) === (tokenFile === undefined))
    throw new OperatingError("bad_request", "one of --token and --token-file is needed");
  if (token !== undefined) return token;
  try {
    return (await readFile(tokenFile ?? "", "utf8")).trim();
  } catch (cause) {
    throw new OperatingError("bad_request", `--token-file: ${messageOf(cause)}`, { cause });
  }
}

function addressOf(text: string): URL {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol)) return url;
  throw new OperatingError("bad_request", `--url is "${text}": expected http://… or https://…`);
}

/** The key of an attempt that was not answered, or a new one. */
async function keyOf(seedFile: string): Promise<KeyPair> {
  if (existsSync(seedFile)) {
    try {
      return fromSeed(Buffer.from((await readFile(seedFile, "utf8")).trim()));
    } catch (cause) {
      const message = `${seedFile} can't be read as an NKey's seed: remove it`;
      throw new OperatingError("corrupt", message, { cause });
    }
  }
  const key = createUser();
  await writePrivate(seedFile, `${Buffer.from(key.getSeed()).toString("utf8")}\n`);
  return key;
}

async function ask(url: URL, request: EnrolmentRequest): Promise<EnrolmentAnswer> {
  for (let tries = 1; ; tries++) {
    const { status, body } = await post(url, request);
    if (status === 200) return EnrolmentAnswer.parse(body);
    const isBusy = status === 429 || status === 503;
    if (!isBusy || tries === triesMax) {
      const refused = Refusal.safeParse(body);
      const fallback =
        status === 404 ? "the aggregator enrols nobody: fleet.keys is not set there" : "no reason";
      const reason = refused.success ? refused.data.error : fallback;
      throw new OperatingError("unavailable", `${url.origin} answers ${status}: ${reason}`);
    }
    // Not all of a fleet at the same moment again.
    await Bun.sleep(retryMs * (0.5 + Math.random()));
  }
}

async function post(url: URL, request: EnrolmentRequest) {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(request),
      // A token goes where it was told to go, and nowhere else.
      redirect: "error",
      signal: AbortSignal.timeout(requestTimeoutMs),
    });
    const body: unknown = await response.json().catch(() => undefined);
    return { status: response.status, body };
  } catch (cause) {
    const message = `${url.origin} can't be asked: ${messageOf(cause)}`;
    throw new OperatingError("unavailable", message, { cause });
  }
}

/** As `nsc` writes them: https://docs.nats.io/using-nats/developer/connecting/creds. */
function credsText(jwt: string, key: KeyPair): string {
  const seed = Buffer.from(key.getSeed()).toString("utf8");
  return `-----BEGIN NATS USER JWT-----
${jwt}
------END NATS USER JWT------

-----BEGIN USER NKEY SEED-----
${seed}
------END USER NKEY SEED------
`;
}

/** Whole or not at all, and never readable by others. */
async function writePrivate(path: string, text: string): Promise<void> {
  const fresh = `${path}.${process.pid}`;
  try {
    const file = await open(fresh, "wx", 0o600);
    try {
      await file.chmod(0o600);
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(fresh, path);
  } catch (cause) {
    throw new OperatingError("no_space", `${path} can't be written: ${messageOf(cause)}`, {
      cause,
    });
  } finally {
    await rm(fresh, { force: true });
  }
}

const Refusal = z.object({ error: z.string() });
