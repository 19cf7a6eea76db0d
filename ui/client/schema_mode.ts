import { z } from "zod";

// Imported for this effect, first of all modules: schemas decide when they are made whether to compile themselves to code at run
// time, which a content security policy forbids (and a browser reports as an error).
z.config({ jitless: true });
