import { z } from "zod";
import { isSignal, type Signal } from "./signals.ts";

/** The name of a signal in what was stored or sent: another version may know more of them. */
export const SignalName = z.custom<Signal>(isSignal, "expected the name of a signal");
