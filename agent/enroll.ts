import { agentProgramName } from "./install/program_name.ts";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { createUser, fromSeed, type KeyPair } from "nkeys.js";
import { stringify } from "yaml";
import { z } from "zod";
import { EnrolmentAnswer, type EnrolmentRequest, enrolmentPath } from "#proto/fleet/enrolment.ts";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { hostName } from "#shared/runtime/config/base_config.ts";
import { type ConfigFlags, loadConfig } from "#shared/runtime/config/config_file.ts";
import { AgentConfig } from "./config/config.ts";
import { agentId } from "./identity.ts";
import { addressOf, keepAddress, keptAddress } from "./enroll/aggregator_address.ts";
import { readCredentials, writeCredentials } from "./enroll/credentials_file.ts";
import { writePrivate } from "./enroll/private_file.ts";
import { askOverHttp, renewKey } from "./enroll/renewal.ts";

export type EnrollFlags = ConfigFlags & {
  readonly url?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly renew?: boolean;
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
  if (flags.renew === true) return renew(flags);
  const token = await tokenOf(flags);
  const address = addressOf(flags.url ?? "");
  const url = new URL(enrolmentPath, address);
  const target = flags.config ?? process.env.LAPWING_CONFIG;
  const isNew = target !== undefined && !existsSync(target);
  if (isNew && flags.config === undefined) delete process.env.LAPWING_CONFIG;
  const config = await loadConfig(AgentConfig, isNew ? { ...flags, config: undefined } : flags);
  // Before the token is used: a new host has no folder for its configuration.
  if (isNew) await makeFolderOf(resolve(target));
  const dataDir = resolve(config.data_dir);
  const folder = join(dataDir, "agent");
  const agent = await agentId(folder);
  const name = config.agent.name ?? hostName();
  const seedFile = join(folder, "nats.seed");
  const key = await keyOf(seedFile);
  const answer = await ask(url, { token, agent, name, public_key: key.getPublicKey() });
  const credsFile = join(folder, "nats.creds");
  await writeCredentials(credsFile, answer.jwt, key);
  await keepAddress(folder, address);
  const pieces = stringify({
    tenant: answer.tenant,
    data_dir: dataDir,
    agent: { name, labels: { ...answer.labels, ...config.agent.labels } },
    nats: { servers: answer.servers, creds_file: credsFile },
    // Whether it is brought up to date is for the host's owner to say.
    ...(answer.release_keys.length > 0 && {
      self_update: { enabled: config.self_update.enabled, public_keys: answer.release_keys },
    }),
  });
  const file = isNew ? resolve(target) : join(folder, "enrolled.yaml");
  await writePrivate(file, pieces);
  await rm(seedFile);
  console.log(`agent ${agent} is enrolled; credentials are in ${credsFile}`);
  if (isNew || target === undefined)
    console.log(`start it with: ${agentProgramName()} --config ${file}`);
  else console.log(`put the keys of ${file} into ${target}, and start it again`);
}

/**
 * Exchanges the key over HTTP, by the signature of the one that is there: for credentials that ran out while the agent was away. The
 * agent itself does so where it knows the address.
 */
async function renew(flags: EnrollFlags): Promise<void> {
  const { tenant, data_dir: dataDir, nats } = await loadConfig(AgentConfig, flags);
  const folder = join(resolve(dataDir), "agent");
  const credsFile = nats.creds_file ?? join(folder, "nats.creds");
  const url = flags.url === undefined ? await keptAddress(folder) : addressOf(flags.url);
  if (url === undefined)
    throw new OperatingError("bad_request", "--url is needed: none was kept at the enrolment");
  const who = { tenant, agent: await agentId(folder) };
  const { key } = await readCredentials(credsFile);
  const renewed = await renewKey(askOverHttp(url), who, key);
  await writeCredentials(credsFile, renewed.jwt, renewed.key);
  await keepAddress(folder, url);
  console.log(`credentials of agent ${who.agent} are renewed in ${credsFile}; start it again`);
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

async function makeFolderOf(file: string): Promise<void> {
  const folder = dirname(file);
  try {
    await mkdir(folder, { recursive: true });
  } catch (cause) {
    throw new OperatingError("no_space", `${folder} can't be made: ${messageOf(cause)}`, { cause });
  }
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

const Refusal = z.object({ error: z.string() });
