export type WriteVersion = 1 | 2;

const versions: Readonly<Record<string, WriteVersion>> = {
  "prometheus.WriteRequest": 1,
  "io.prometheus.write.v2.Request": 2,
};

/** Which remote write a Content-Type names; without one it is 1.0. Undefined: none that we speak. */
export function versionOf(contentType: string | null): WriteVersion | undefined {
  if (contentType === null || contentType.trim() === "") return 1;
  const [mediaType = "", ...parameters] = contentType.split(";");
  if (mediaType.trim().toLowerCase() !== "application/x-protobuf") return undefined;
  for (const parameter of parameters) {
    const [name = "", value = ""] = parameter.split("=");
    if (name.trim().toLowerCase() !== "proto") continue;
    const message = value.trim().replace(/^"(.*)"$/, "$1");
    return Object.hasOwn(versions, message) ? versions[message] : undefined;
  }
  return 1;
}
