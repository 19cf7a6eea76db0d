import { z } from "zod";

/** Of all texts of one agent together, in characters: NATS takes messages of 1 MiB unless told otherwise. */
export const wantedCharactersMax = 512 * 1_024;
export const layersMax = 32;

/** One revision of a configuration, as YAML. */
const Layer = z.object({
  name: z.string().min(1),
  revision: z.string().min(1),
  text: z.string().max(wantedCharactersMax),
});

/**
 * What one agent is to run besides its own file: the value of its key in the tenant's bucket. Later layers win over earlier ones. Two values with
 * the same `id` ask for the same, in the same attempt.
 */
export const WantedConfiguration = z.object({
  id: z.string().min(1).max(128),
  layers: z.array(Layer).max(layersMax),
});
export type WantedConfiguration = z.output<typeof WantedConfiguration>;
