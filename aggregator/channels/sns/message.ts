import type { Texts } from "../channel.ts";
import { groupHash } from "../group_hash.ts";
import type { Notification } from "../notification.ts";
import { cutToBytes, inRunes } from "../truncated.ts";
import type { SnsConfig } from "./schema.ts";

/** Limits of a message in bytes, and of one that becomes a text message. */
const [messageBytesMax, smsBytesMax, subjectRunesMax] = [256 * 1_024, 1_600, 100];

/** The form of the action Publish (docs.aws.amazon.com, SNS API). */
export function snsForm(config: SnsConfig, notification: Notification, { text }: Texts) {
  const form: Record<string, string> = { Action: "Publish", Version: "2010-03-31" };
  const topic = text(config.topic_arn);
  if (topic !== "") form["TopicArn"] = topic;
  if (topic.endsWith(".fifo")) {
    form["MessageDeduplicationId"] = groupHash(notification);
    form["MessageGroupId"] = groupHash(notification);
  }
  if (config.phone_number !== "") form["PhoneNumber"] = text(config.phone_number);
  if (config.target_arn !== "") form["TargetArn"] = text(config.target_arn);
  const whole = text(config.message);
  const message = cutToBytes(whole, config.phone_number === "" ? messageBytesMax : smsBytesMax);
  form["Message"] = message;
  // SNS takes a subject in one line of ASCII.
  const subject = inRunes(text(config.subject), subjectRunesMax)
    .replaceAll("…", "...")
    .replaceAll(/[^\u0020-\u007e]+/g, " ")
    .slice(0, subjectRunesMax)
    .trim();
  if (subject !== "") form["Subject"] = subject;
  const attributes = Object.entries(config.attributes).map(
    ([name, value]) => [text(name), text(value)] as const,
  );
  if (message !== whole) attributes.push(["truncated", "true"]);
  for (const [i, [name, value]] of attributes.entries()) {
    const prefix = `MessageAttributes.entry.${i + 1}`;
    form[`${prefix}.Name`] = name;
    form[`${prefix}.Value.DataType`] = "String";
    form[`${prefix}.Value.StringValue`] = value;
  }
  return form;
}
