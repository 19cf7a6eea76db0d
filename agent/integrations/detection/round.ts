import { OperatingError, messageOf } from "#shared/errors.ts";
import type { AnyIntegration } from "../config.ts";
import type { Finding } from "../integration.ts";
import type { HostView } from "../host_view.ts";
import type { Options } from "./known_service.ts";

export type FoundService = {
  readonly integration: AnyIntegration;
  readonly finding: Finding<Options>;
};

export type DetectionRound = {
  readonly found: readonly FoundService[];
  /** Integrations that could not tell whether their service is there, and why. */
  readonly problems: ReadonlyMap<string, string>;
};

/** Lets all integrations look at the host, at the same time. One that fails or hangs leaves the others; one that still hangs is not asked again. */
export class DetectionRounds {
  readonly #hanging = new Set<string>();
  readonly #waitMs: number;

  /** `waitMs`: for one integration; those that hang are left behind. */
  constructor(waitMs = 3_000) {
    this.#waitMs = waitMs;
  }

  async run(
    integrations: readonly AnyIntegration[],
    host: HostView,
    signal: AbortSignal,
  ): Promise<DetectionRound> {
    const problems = new Map<string, string>();
    const each = integrations.map(async (integration): Promise<FoundService[]> => {
      try {
        const findings = await this.#detect(integration, host, signal);
        return findings.map((finding) => ({ integration, finding }));
      } catch (thrown) {
        problems.set(integration.name, messageOf(thrown));
        return [];
      }
    });
    return { found: (await Promise.all(each)).flat(), problems };
  }

  async #detect(
    integration: AnyIntegration,
    host: HostView,
    signal: AbortSignal,
  ): Promise<readonly Finding<Options>[]> {
    const { name } = integration;
    if (this.#hanging.has(name))
      throw new OperatingError("timeout", "the look before this one has not ended");
    this.#hanging.add(name);
    const looking = Promise.try(() => integration.detect(host)).finally(() =>
      this.#hanging.delete(name),
    );
    const late = Promise.withResolvers<never>();
    const error = new OperatingError("timeout", `took longer than ${this.#waitMs / 1_000} s`);
    const giveUp = () => late.reject(error);
    const timer = setTimeout(giveUp, this.#waitMs);
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      return await Promise.race([looking, late.promise]);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", giveUp);
    }
  }
}
