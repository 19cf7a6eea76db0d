import type { Message, MessageInitShape } from "@bufbuild/protobuf";
import type { QueryColumnsSchema } from "#proto/gen/v1/columns_pb.js";

/** A part of an answer, not yet a message. */
export type AnswerPart = Exclude<MessageInitShape<typeof QueryColumnsSchema>, Message>;
