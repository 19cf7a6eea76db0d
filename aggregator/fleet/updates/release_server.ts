import { type Msg, type NatsConnection, headers } from "nats";
import { isInbox, parseSubject, allReleaseRequests } from "#proto/bus/subjects.ts";
import { artifactFor, parseManifest } from "#proto/update/manifest.ts";
import { ReleaseRequest, type WantedRelease, errorHeader } from "#proto/update/wire.ts";
import { OperatingError, messageOf } from "#shared/errors.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { Catalog } from "../../catalog/catalog.ts";
import type { AgentBinary } from "./agent_binary.ts";
import { type Published, type ReleaseFiles, readRelease } from "./releases.ts";

export type ReleaseServerParts = {
  readonly catalog: Pick<Catalog, "transaction">;
  readonly tenant: string;
  readonly files: ReleaseFiles;
  readonly binary: AgentBinary;
  /** Bytes a second of all downloads together. */
  readonly rateMax: number;
  readonly clock: Clock;
  readonly log: Logger;
};

const requestBytesMax = 4_096;
/** Pieces that are waited for at once; further ones are told to come again. */
const waitingMax = 500;
const releasesMax = 20;

/** Tells agents over NATS what they are to run, and hands programs out, a piece at a time and no faster than it may. */
export class ReleaseServer {
  readonly #parts: ReleaseServerParts;
  /** When, by the monotonic clock, what was promised is sent. */
  #freeMs = 0;
  #waiting = 0;
  readonly #releases = new Map<string, Published>();

  constructor(parts: ReleaseServerParts) {
    this.#parts = parts;
  }

  /** Until the connection ends. */
  listen(nats: NatsConnection): void {
    nats.subscribe(allReleaseRequests, {
      callback: (error, message) => {
        if (error === null) void this.#hear(message);
        else this.#parts.log.error("release requests not subscribed", { error: messageOf(error) });
      },
    });
  }

  async #hear(message: Msg): Promise<void> {
    const sender = parseSubject(message.subject);
    if (sender === undefined || !isInbox(message.reply)) return;
    try {
      message.respond(await this.#answer(message, sender));
    } catch (thrown) {
      const error = headers();
      error.set(errorHeader, messageOf(thrown).replaceAll(/[\r\n]/g, " "));
      message.respond(new Uint8Array(0), { headers: error });
    }
  }

  async #answer(message: Msg, sender: { tenant: string; agent: string }): Promise<Uint8Array> {
    const parsed = ReleaseRequest.safeParse(bodyOf(message));
    if (!parsed.success) throw new OperatingError("bad_request", "the request is not understood");
    const request = parsed.data;
    if (request.kind === "chunk") return this.#chunk(request);
    const { tenant } = this.#parts;
    const isOurs = sender.tenant === tenant;
    const wanted: WantedRelease = isOurs
      ? await this.#wantedBy(sender.agent, request.platform)
      : { unknown: "rollouts are for another tenant" };
    return Buffer.from(JSON.stringify(wanted));
  }

  async #wantedBy(
    agent: string,
    platform: Extract<ReleaseRequest, { kind: "wanted" }>["platform"],
  ): Promise<WantedRelease> {
    const known = this.#parts.binary.wantedBy(agent);
    if (known === undefined) return { unknown: "rollouts are not read yet" };
    const { wanted } = known;
    if (wanted === undefined) return { installed: true };
    const { manifest, signature } = await this.#release(wanted.revision);
    return {
      manifest,
      signature,
      rollout: wanted.rollout,
      transfer_bytes: await this.#transferBytes(manifest, platform),
    };
  }

  /** Where there is no build for it, the agent says so itself. */
  async #transferBytes(
    manifest: string,
    platform: Parameters<typeof artifactFor>[1],
  ): Promise<number> {
    try {
      return await this.#parts.files.size(artifactFor(parseManifest(manifest), platform).sha256);
    } catch {
      return 0;
    }
  }

  async #release(revision: string): Promise<Published> {
    const known = this.#releases.get(revision);
    if (known !== undefined) return known;
    const { catalog, tenant } = this.#parts;
    const release = await readRelease(catalog, { tenant, revision });
    if (release === undefined)
      throw new OperatingError("not_found", `release ${revision} is not published`);
    if (this.#releases.size >= releasesMax) this.#releases.clear();
    this.#releases.set(revision, release);
    return release;
  }

  async #chunk(request: Extract<ReleaseRequest, { kind: "chunk" }>): Promise<Uint8Array> {
    if (this.#waiting >= waitingMax)
      throw new OperatingError("overloaded", "too many downloads at once, try again");
    this.#waiting++;
    try {
      const bytes = await this.#parts.files.read(request.sha256, request.offset);
      await this.#takeTurn(bytes.length);
      return bytes;
    } finally {
      this.#waiting--;
    }
  }

  #takeTurn(bytes: number): Promise<void> {
    const { clock, rateMax } = this.#parts;
    const nowMs = clock.monotonic();
    this.#freeMs = Math.max(nowMs, this.#freeMs) + (1_000 * bytes) / rateMax;
    return clock.sleep(Math.max(0, this.#freeMs - nowMs));
  }
}

function bodyOf(message: Msg): unknown {
  try {
    return message.data.length > requestBytesMax ? undefined : message.json();
  } catch {
    return undefined;
  }
}
