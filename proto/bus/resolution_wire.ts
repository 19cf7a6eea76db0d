import { create } from "@bufbuild/protobuf";
import { OperatingError, messageOf } from "#shared/errors.ts";
import type {
  ResolutionOrder as WireOrder,
  ResolutionReply as WireReply,
} from "../gen/v1/control_pb.js";
import {
  ResolutionAnswerSchema,
  ResolutionOrderSchema,
  ResolutionRefusalSchema,
  ResolutionReplySchema,
} from "../gen/v1/control_pb.js";
import type { ResolutionAnswer, ResolutionOrder } from "./resolution.ts";

export function toWireOrder(order: ResolutionOrder): WireOrder {
  const { reason, match, beforeMs, afterMs, fromMs, toMs } = order;
  return create(ResolutionOrderSchema, {
    reason,
    match: [...match],
    beforeMs,
    afterMs,
    ...(fromMs === undefined ? {} : { fromMs }),
    ...(toMs === undefined ? {} : { toMs }),
  });
}

/** Throws OperatingError("bad_request") for times that are none. Over the wire come orders of people and alerts alone. */
export function fromWireOrder(wire: WireOrder): ResolutionOrder {
  const { match, beforeMs, afterMs, fromMs, toMs } = wire;
  for (const [name, ms] of Object.entries({ beforeMs, afterMs, fromMs, toMs }))
    if (ms !== undefined && !(ms >= 0 && Number.isFinite(ms)))
      throw new OperatingError("bad_request", `${name} is ${ms}: expected milliseconds`);
  const reason = wire.reason === "alert" ? "alert" : "request";
  return { reason, match, beforeMs, afterMs, fromMs, toMs };
}

export function toWireAnswer(answer: ResolutionAnswer): WireReply {
  const value = create(ResolutionAnswerSchema, { ...answer });
  return create(ResolutionReplySchema, { result: { case: "answer", value } });
}

export function toWireRefusal(thrown: unknown): WireReply {
  const code = thrown instanceof OperatingError ? thrown.code : "unavailable";
  const value = create(ResolutionRefusalSchema, { code, message: messageOf(thrown) });
  return create(ResolutionReplySchema, { result: { case: "refusal", value } });
}

/** Throws OperatingError as the agent did; "unavailable" for an agent that does not know such orders. */
export function fromWireReply(wire: WireReply | undefined): ResolutionAnswer {
  const result = wire?.result;
  if (result?.case === "answer") {
    const { fromMs, toMs, series, samples, isCut } = result.value;
    return { fromMs, toMs, series, samples, isCut };
  }
  if (result?.case !== "refusal")
    throw new OperatingError("unavailable", "this agent's version ships at one resolution only");
  const { code, message } = result.value;
  throw new OperatingError(codes.find((one) => one === code) ?? "unavailable", message);
}

const codes = ["bad_request", "not_found", "overloaded", "unavailable", "timeout"] as const;
