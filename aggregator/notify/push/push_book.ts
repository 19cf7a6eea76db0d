import { createECDH } from "node:crypto";
import { z } from "zod";
import type { PushDevice, PushDevices, VapidKeys } from "#aggregator/channels/push_devices.ts";
import { OperatingError } from "#shared/errors.ts";
import type { Catalog } from "../../catalog/catalog.ts";
import { isPushEndpoint } from "./push_hosts.ts";

/** What a browser hands over when it subscribes. */
export type PostedDevice = Omit<PushDevice, "id" | "createdMs">;

type Parts = {
  readonly catalog: Pick<Catalog, "fenced" | "transaction">;
  readonly tenant: string;
  readonly now: () => number;
  /** More push services, of `alertmanager.push_hosts`. */
  readonly hosts: readonly string[];
};

/** Browsers that may be subscribed. */
const devicesMax = 500;

const Device = z.object({
  id: z.string(),
  receiver: z.string(),
  name: z.string(),
  endpoint: z.string(),
  p256dh: z.string(),
  auth: z.string(),
  createdMs: z.number(),
});
const Keys = z.object({ publicKey: z.string(), privateKey: z.string() });

/** JSON in a column. */
const json = <Schema extends z.ZodType>(schema: Schema) =>
  z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(schema);
const DeviceRow = z.object({ device: json(Device) });
const KeysRow = z.object({ keys: json(Keys) });

/** The browsers that are subscribed to receivers, and the keys of this server, in the catalog. The private key leaves it for signing alone. */
export class PushBook implements PushDevices {
  readonly #parts: Parts;
  readonly #devices: Map<string, PushDevice>;
  #keys: Promise<VapidKeys> | undefined;

  static async open(parts: Parts): Promise<PushBook> {
    const { catalog, tenant } = parts;
    const rows = await catalog.transaction(
      "read push subscriptions",
      (sql) => sql`SELECT device FROM push_subscriptions WHERE tenant = ${tenant}`,
    );
    const devices = z.array(DeviceRow).parse([...rows]);
    return new PushBook(parts, new Map(devices.map(({ device }) => [device.id, device])));
  }

  private constructor(parts: Parts, devices: Map<string, PushDevice>) {
    this.#parts = parts;
    this.#devices = devices;
  }

  /** By age. */
  all(): readonly PushDevice[] {
    return [...this.#devices.values()].toSorted((a, b) => a.createdMs - b.createdMs);
  }

  of(receiver: string): readonly PushDevice[] {
    return this.all().filter((device) => device.receiver === receiver);
  }

  isAllowed(endpoint: string): boolean {
    return isPushEndpoint(endpoint, this.#parts.hosts);
  }

  /** Made when they are asked for first, and the same ever after: browsers subscribe to this key. */
  keys(): Promise<VapidKeys> {
    this.#keys ??= this.#readKeys().catch((thrown) => {
      this.#keys = undefined;
      throw thrown;
    });
    return this.#keys;
  }

  /**
   * Subscribes a browser to a receiver; one that is subscribed to it already is replaced. Throws OperatingError: "bad_request" for a
   * push service that is not known, "overloaded" where there are too many.
   */
  async add(posted: PostedDevice): Promise<string> {
    if (!this.isAllowed(posted.endpoint)) {
      const host = URL.canParse(posted.endpoint) ? new URL(posted.endpoint).host : "";
      throw new OperatingError(
        "bad_request",
        `invalid push service ${JSON.stringify(host)}: expected one of a known browser, or of alertmanager.push_hosts`,
      );
    }
    const { receiver, endpoint } = posted;
    const known = this.of(receiver).find((device) => device.endpoint === endpoint);
    if (known === undefined && this.#devices.size >= devicesMax)
      throw new OperatingError(
        "overloaded",
        `${devicesMax} browsers are subscribed: remove one of them first`,
      );
    const id = known?.id ?? Bun.randomUUIDv7();
    const device = { ...posted, id, createdMs: this.#parts.now() };
    const { catalog, tenant } = this.#parts;
    await catalog.fenced(
      "save a push subscription",
      (sql) => sql`INSERT INTO push_subscriptions (tenant, id, device)
        VALUES (${tenant}, ${id}, ${JSON.stringify(device)})
        ON CONFLICT (tenant, id) DO UPDATE SET device = excluded.device`,
    );
    this.#devices.set(id, device);
    return id;
  }

  /** Throws OperatingError("not_found"). */
  async remove(id: string): Promise<void> {
    if (!this.#devices.has(id))
      throw new OperatingError("not_found", `no push subscription ${JSON.stringify(id)}`);
    const { catalog, tenant } = this.#parts;
    await catalog.fenced(
      "remove a push subscription",
      (sql) => sql`DELETE FROM push_subscriptions WHERE tenant = ${tenant} AND id = ${id}`,
    );
    this.#devices.delete(id);
  }

  async ended({ id }: PushDevice): Promise<void> {
    if (this.#devices.has(id)) await this.remove(id);
  }

  async #readKeys(): Promise<VapidKeys> {
    const { catalog, tenant } = this.#parts;
    const pair = createECDH("prime256v1");
    pair.generateKeys();
    const made = {
      publicKey: pair.getPublicKey().toString("base64url"),
      // Leading zeros count: the number has 32 bytes.
      privateKey: Buffer.from(pair.getPrivateKey("hex").padStart(64, "0"), "hex").toString(
        "base64url",
      ),
    };
    await catalog.fenced(
      "make the keys of Web Push",
      (sql) => sql`INSERT INTO push_keys (tenant, keys) VALUES (${tenant}, ${JSON.stringify(made)})
        ON CONFLICT (tenant) DO NOTHING`,
    );
    const rows = await catalog.transaction(
      "read the keys of Web Push",
      (sql) => sql`SELECT keys FROM push_keys WHERE tenant = ${tenant}`,
    );
    const [row] = z.array(KeysRow).parse([...rows]);
    return row?.keys ?? made;
  }
}
