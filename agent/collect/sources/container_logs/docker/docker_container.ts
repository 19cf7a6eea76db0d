import { z } from "zod";
import type { Labels } from "#shared/model/labels.ts";

/** What Docker knows of a container, as far as it makes labels. */
export type DockerContainer = {
  /** 64 hexadecimal digits. */
  readonly id: string;
  /** Without the slash before it. */
  readonly name: string;
  /** As it was named when the container was made; "" where only the image's id is known. */
  readonly image: string;
  readonly labels: Labels;
};

const LabelMap = z.record(z.string(), z.string()).nullish();
const Listed = z.lazy(() =>
  z.object({
    Id: z.string().min(1),
    Names: z.array(z.string()).min(1),
    Image: z.string().nullish(),
    Labels: LabelMap,
  }),
);
const ConfigFile = z.lazy(() =>
  z.object({
    Name: z.string().min(1),
    Config: z.object({ Image: z.string().nullish(), Labels: LabelMap }),
  }),
);

/** An image whose name was given to another one since is listed by its id. */
const imageId = /^(?:sha256:)?[0-9a-f]{12,64}$/;

/** One entry of the answer to GET /containers/json (Docker Engine API, ContainerSummary); undefined where it is not of that form. */
export function readListed(entry: unknown): DockerContainer | undefined {
  const parsed = Listed.safeParse(entry);
  if (!parsed.success) return undefined;
  const { Id: id, Names: names, Image: image, Labels: labels } = parsed.data;
  // Names by which others link to it have a slash within: "/web/database".
  const own = names.find((name) => !name.slice(1).includes("/")) ?? names[0] ?? "";
  return { id, name: bare(own), image: nameOfImage(image), labels: labels ?? {} };
}

/** The file config.v2.json beside a container's log (moby, daemon/container/container.go); undefined where it is not of that form. */
export function readConfigFile(id: string, text: string): DockerContainer | undefined {
  const parsed = ConfigFile.safeParse(parseJson(text));
  if (!parsed.success) return undefined;
  const { Name: name, Config: config } = parsed.data;
  return { id, name: bare(name), image: nameOfImage(config.Image), labels: config.Labels ?? {} };
}

/** Stream labels of a container; `chosen`: from names of Docker's labels to names of ours. */
export function labelsOfContainer(
  { name, image, labels }: DockerContainer,
  chosen: Readonly<Record<string, string>>,
): Labels {
  const told: Record<string, string> = { container: name };
  const tell = (label: string, value: string | undefined) => {
    if (value !== undefined && value !== "") told[label] = value;
  };
  tell("image", image);
  tell("compose_project", labels["com.docker.compose.project"]);
  tell("compose_service", labels["com.docker.compose.service"]);
  for (const [from, to] of Object.entries(chosen)) tell(to, labels[from]);
  return told;
}

const bare = (name: string): string => (name.startsWith("/") ? name.slice(1) : name);

function nameOfImage(image: string | null | undefined): string {
  return image === null || image === undefined || imageId.test(image) ? "" : image;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
