import { existsSync, readdirSync } from "node:fs";
import { messageOf } from "#shared/errors.ts";
import { listContainers } from "../../collect/sources/container_logs/docker/docker_api.ts";
import type { DockerContainer } from "../../collect/sources/container_logs/docker/docker_container.ts";
import type { Tick } from "../integration.ts";
import type { ContainersConfig } from "./config.ts";

/** Names are asked for when a container is new, and else at this interval, in case one was renamed. */
const relistMs = 60_000;
/** Tries after one that failed. */
const retryMs = 30_000;
/** Of a tick's time, so that an engine that hangs costs names and not numbers. */
const askMsMax = 2_000;
const labelCharsMax = 1_024;

/** Labels of series, beside `id`. */
export type ContainerLabels = readonly (readonly [name: string, value: string])[];

/** Names, images and labels of containers: from Docker's or Podman's API, or from the names of the kubelet's log files. */
export class ContainerNames {
  readonly #options: ContainersConfig;
  readonly #tickMs: number;
  #known = new Map<string, ContainerLabels>();
  /** Containers that were there when it was asked last. */
  #asked = new Set<string>();
  #nextMs = 0;
  #problems: string[] = [];

  constructor(options: ContainersConfig, tickMs: number) {
    this.#options = options;
    this.#tickMs = tickMs;
  }

  /** Asks where one of these is new, or it is time to. Never throws. */
  async refresh(ids: readonly string[], tick: Tick): Promise<void> {
    if (ids.length === 0) return;
    const isNew = ids.some((id) => !this.#asked.has(id));
    if (!isNew && tick.timestampMs < this.#nextMs && this.#problems.length === 0) return;
    if (this.#problems.length > 0 && tick.timestampMs < this.#nextMs) {
      for (const problem of this.#problems) tick.degraded(problem);
      return;
    }
    const found = new Map<string, ContainerLabels>();
    this.#problems = [];
    this.#addPods(found);
    for (const socket of this.#options.sockets) await this.#ask(socket, found, tick);
    // What an engine that does not answer now said before still holds.
    if (this.#problems.length > 0)
      for (const id of ids) {
        const before = this.#known.get(id);
        if (before !== undefined && !found.has(id)) found.set(id, before);
      }
    this.#known = found;
    this.#asked = new Set(ids);
    this.#nextMs = tick.timestampMs + (this.#problems.length > 0 ? retryMs : relistMs);
    for (const problem of this.#problems) tick.degraded(problem);
  }

  /** One that nothing tells of is named by the first digits of its id. */
  labelsOf(id: string): ContainerLabels {
    return this.#known.get(id) ?? [["name", /^[0-9a-f]{64}$/.test(id) ? id.slice(0, 12) : id]];
  }

  async #ask(socket: string, found: Map<string, ContainerLabels>, tick: Tick): Promise<void> {
    if (!existsSync(socket)) return;
    const timeout = AbortSignal.timeout(Math.min(askMsMax, this.#tickMs / 2));
    try {
      const signal = AbortSignal.any([tick.signal, timeout]);
      const { containers, refused } = await listContainers(socket, signal);
      for (const container of containers)
        found.set(container.id, labelsOfListed(container, this.#options));
      if (refused > 0)
        this.#problems.push(`${socket}: ${refused} containers of its list are not understood`);
    } catch (thrown) {
      const reason = timeout.aborted ? "no answer in time" : messageOf(thrown);
      this.#problems.push(`names of containers: ${socket}: ${reason}`);
    }
  }

  /** "POD_NAMESPACE_CONTAINER-ID.log", as the kubelet links them. */
  #addPods(found: Map<string, ContainerLabels>): void {
    let files: string[] = [];
    try {
      files = readdirSync(this.#options.pod_logs);
    } catch {
      // No kubelet here.
    }
    for (const file of files) {
      const parts = /^([^_]+)_([^_]+)_(.+)-([0-9a-f]{64})\.log$/.exec(file);
      if (parts === null) continue;
      const [, pod = "", namespace = "", container = "", id = ""] = parts;
      const name = `k8s_${container}_${pod}_${namespace}`;
      found.set(id, [
        ["name", name],
        ["namespace", namespace],
        ["pod", pod],
        ["container", container],
      ]);
    }
  }
}

function labelsOfListed(
  { name, image, labels }: DockerContainer,
  { container_labels, labels_max }: ContainersConfig,
): ContainerLabels {
  const told: [string, string][] = [
    ["name", name],
    ["image", image],
  ];
  const wanted = container_labels === "all" ? Object.keys(labels).toSorted() : container_labels;
  const taken = new Set<string>();
  for (const key of wanted) {
    const value = labels[key];
    const label = `container_label_${key.replaceAll(/[^a-zA-Z0-9_]/g, "_")}`;
    if (value === undefined || value === "" || taken.has(label)) continue;
    if (taken.size >= labels_max) break;
    taken.add(label);
    told.push([label, value.slice(0, labelCharsMax)]);
  }
  return told;
}
