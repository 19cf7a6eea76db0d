/** `bun run docs:integrations`: writes docs/integrations.md anew; a tidy test says when that is needed. */
import { integrationsDocument } from "../agent/integrations/document.ts";

await Bun.write(new URL("../docs/integrations.md", import.meta.url), integrationsDocument());
