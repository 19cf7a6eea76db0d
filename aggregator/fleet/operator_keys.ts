import { chmod, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeAccount, encodeOperator, encodeUser, fmtCreds } from "nats-jwt";
import type { KeyPair } from "nkeys.js";
import { createAccount, createOperator, createUser, fromSeed } from "nkeys.js";
import { OperatingError } from "#shared/errors.ts";

/** What an aggregator needs of NATS's decentralised authentication. */
export type OperatorKeys = {
  /** Signs the account, and so the list of revoked agents. */
  readonly operator: KeyPair;
  /** Public key of the account that agents and aggregators are users of. */
  readonly account: string;
  /** One of the account's signing keys: signs agents. */
  readonly signing: KeyPair;
  /** Credentials of a user of the system account, which may change accounts at the server. */
  readonly systemCreds: Uint8Array;
};

export const keyFiles = {
  operator: "operator_signing.nk",
  account: "account.pub",
  signing: "account_signing.nk",
  /** While the one above is exchanged. */
  nextSigning: "account_signing.next.nk",
  system: "system.creds",
} as const;
/** Nothing of what a single account may do is held back: the server's own limits are the bounds. */
const unlimited = { subs: -1, data: -1, payload: -1 };
const unlimitedAccount = {
  ...unlimited,
  imports: -1,
  exports: -1,
  wildcards: true,
  conn: -1,
  leaf: -1,
};
const unlimitedJetStream = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };

/**
 * Makes operator, system account, Lapwing's account, the aggregator's credentials and the piece of nats-server's configuration that
 * trusts them, all readable by their owner alone. Throws OperatingError "bad_request" where there are keys already: new ones would
 * shut out all agents. `resolverFolder` is nats-server's, for accounts.
 */
export async function makeOperatorKeys(folder: string, resolverFolder: string): Promise<void> {
  const operator = createOperator();
  const operatorSigning = createOperator();
  const system = createAccount();
  const account = createAccount();
  const signing = createAccount();
  const operatorJwt = await encodeOperator("lapwing", operator, {
    signing_keys: [operatorSigning.getPublicKey()],
    system_account: system.getPublicKey(),
  });
  const signer = { signer: operatorSigning };
  const systemJwt = await encodeAccount("SYS", system, { limits: unlimitedAccount }, signer);
  const accountJwt = await encodeAccount(
    "LAPWING",
    account,
    {
      limits: { ...unlimitedAccount, ...unlimitedJetStream },
      signing_keys: [signing.getPublicKey()],
    },
    signer,
  );
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // The first file says whose the folder is, and is refused where there is one.
  await writeKeyFile(folder, keyFiles.operator, operatorSigning.getSeed());
  await writeKeyFile(folder, "operator.nk", operator.getSeed());
  await writeKeyFile(folder, "account.nk", account.getSeed());
  await writeKeyFile(folder, keyFiles.account, `${account.getPublicKey()}\n`);
  await writeKeyFile(folder, keyFiles.signing, signing.getSeed());
  await writeKeyFile(folder, keyFiles.system, await credsOf("lapwing fleet", system));
  await writeKeyFile(folder, "aggregator.creds", await credsOf("lapwing aggregator", account));
  await writeKeyFile(
    folder,
    "nats-server.conf",
    `# Included by nats-server's own configuration, beside jetstream { ... }. The resolver's folder must last: revocations lie there.
operator: ${operatorJwt}
system_account: ${system.getPublicKey()}
resolver: { type: full, dir: ${JSON.stringify(resolverFolder)}, allow_delete: false, interval: "2m" }
resolver_preload: {
  ${system.getPublicKey()}: ${systemJwt}
  ${account.getPublicKey()}: ${accountJwt}
}
`,
  );
}

/** Reads them again when the signing key was exchanged: to take a seed apart costs some milliseconds. */
export function keysReader(folder: string): () => Promise<OperatorKeys> {
  let known: { readonly of: string; readonly keys: OperatorKeys } | undefined;
  return async () => {
    const { ino = 0, mtimeMs = 0 } =
      (await stat(join(folder, keyFiles.signing)).catch(() => undefined)) ?? {};
    const of = `${ino} ${mtimeMs}`;
    if (known?.of !== of) known = { of, keys: await readOperatorKeys(folder) };
    return known.keys;
  };
}

/** Throws OperatingError "not_found" or "corrupt", which name the file. */
export async function readOperatorKeys(folder: string): Promise<OperatorKeys> {
  const account = (await read(folder, keyFiles.account)).toString("utf8").trim();
  return {
    operator: await readKey(folder, keyFiles.operator, "O"),
    signing: await readKey(folder, keyFiles.signing, "A"),
    account,
    systemCreds: await read(folder, keyFiles.system),
  };
}

/** Throws OperatingError "not_found" or "corrupt", which name the file. */
export async function readKey(folder: string, name: string, kind: "O" | "A"): Promise<KeyPair> {
  const seed = await read(folder, name);
  try {
    const key = fromSeed(Buffer.from(seed.toString("utf8").trim()));
    if (key.getPublicKey().startsWith(kind)) return key;
  } catch {
    // Told below; the file's text is a secret.
  }
  throw new OperatingError("corrupt", `${join(folder, name)} holds no seed of kind S${kind}`);
}

async function credsOf(name: string, account: KeyPair): Promise<Uint8Array> {
  const user = createUser();
  const jwt = await encodeUser(name, user, account, unlimited);
  return fmtCreds(jwt, user);
}

async function read(folder: string, name: string): Promise<Buffer> {
  try {
    return await readFile(join(folder, name));
  } catch (cause) {
    const message = `${join(folder, name)} can't be read: expected a folder that \`lapwing fleet init\` made`;
    throw new OperatingError("not_found", message, { cause });
  }
}

/** Throws OperatingError "bad_request" where it is there already. */
export async function writeKeyFile(
  folder: string,
  name: string,
  text: string | Uint8Array,
): Promise<void> {
  const path = join(folder, name);
  try {
    await writeFile(path, text, { mode: 0o600, flag: "wx" });
    await chmod(path, 0o600);
  } catch (cause) {
    throw new OperatingError("bad_request", `${path} can't be made, or is there already`, {
      cause,
    });
  }
}
