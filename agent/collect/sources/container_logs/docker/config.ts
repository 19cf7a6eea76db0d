import { z } from "zod";

/** How names and labels of Docker's containers are learnt. */
export const DockerConfig = z.lazy(() =>
  z.strictObject({
    /** Otherwise a container's short id is all that its lines tell. */
    enabled: z.boolean().default(true),
    /** Where the engine's API listens. Without it, or where it does not answer, config.v2.json beside the log is read. */
    socket: z.string().startsWith("/", "expected an absolute path").default("/var/run/docker.sock"),
    /** From names of a container's labels to names of labels of its streams. */
    container_labels: z
      .record(z.string(), z.string().regex(/^[a-zA-Z_]\w*$/, "expected the name of a label"))
      .default({}),
  }),
);
export type DockerConfig = z.output<typeof DockerConfig>;
