import type { Channel } from "../channel.ts";
import { attempt } from "../failure.ts";
import type { GlobalConfig } from "../global_config.ts";
import { isGiven } from "../key_checks.ts";
import { emailOf } from "./message.ts";
import { EmailConfig, smarthost } from "./schema.ts";
import { sendEmail } from "./smtp.ts";

/** E-mails, by a server of SMTP. */
export const email: Channel<EmailConfig> = {
  name: "email",
  title: "E-mail",
  schema: EmailConfig,
  complete: (config, global) => {
    const filled = {
      ...config,
      ...authOf(config, global),
      from: config.from === "" ? (global.smtp_from ?? "") : config.from,
      smarthost: config.smarthost ?? global.smtp_smarthost,
      hello: config.hello ?? global.smtp_hello,
      require_tls: config.require_tls ?? global.smtp_require_tls,
      force_implicit_tls: config.force_implicit_tls ?? global.smtp_force_implicit_tls,
      tls_config: config.tls_config ?? global.smtp_tls_config,
    };
    const mistakes = [
      ...(filled.from === "" ? ["no from address: expected from, or smtp_from in global"] : []),
      ...(filled.smarthost === undefined
        ? ["no SMTP server: expected smarthost, or smtp_smarthost in global"]
        : smarthost.safeParse(filled.smarthost).success
          ? []
          : [`invalid smtp_smarthost ${JSON.stringify(filled.smarthost)}: expected host:port`]),
    ];
    return { config: filled, mistakes };
  },
  sendsResolved: (config) => config.send_resolved,
  send: (config, notification, parts, signal) =>
    attempt(async (secrets) => {
      const details = config.chart ? await parts.detailsOf?.(notification) : undefined;
      const texts = parts.textsOf(notification);
      const message = emailOf(config, notification, texts, parts.now(), details);
      return { answer: await sendEmail(config, message, signal, secrets) };
    }),
};

function authOf(config: EmailConfig, global: GlobalConfig) {
  const hasPassword = isGiven(config.auth_password) || isGiven(config.auth_password_file);
  const hasSecret = isGiven(config.auth_secret) || isGiven(config.auth_secret_file);
  return {
    auth_username: config.auth_username ?? global.smtp_auth_username,
    auth_identity: config.auth_identity ?? global.smtp_auth_identity,
    auth_password: hasPassword ? config.auth_password : global.smtp_auth_password,
    auth_password_file: hasPassword ? config.auth_password_file : global.smtp_auth_password_file,
    auth_secret: hasSecret ? config.auth_secret : global.smtp_auth_secret,
    auth_secret_file: hasSecret ? config.auth_secret_file : global.smtp_auth_secret_file,
  };
}
