/** What stands where a secret was. */
export const shownSecret = "<secret>";

/** Of keys, parameters, headers and variables, in any case and spelling. */
const secretName =
  /passw|passphrase|pwd|secret|token|credential|nkey|seed|(?:api|app|access|auth|private|shared|secret|account|subscription|license)[_-]?key|^x?[_-]?key$|bearer|cookie|signature|^auth$|authorization|jwt|session[_-]?id/i;
/** Too short to be looked for within other words: query parameters of signed URLs. */
const secretParameter = /^(?:sig|sas|code|pass|pw|k|auth|x-amz-credential|x-goog-credential)$/i;

const userInfo = /\b([a-z][a-z0-9+.-]*:\/\/)([^/?#\s"'@]*@)+/gi;
/** A password with a slash, a question mark or a number sign that is not escaped: no port follows the colon. */
const unescaped = /^([a-z][a-z0-9+.-]*:\/\/)[^/?#\s@:]+:(?!\d+(?:[/?#]|$))[^\s@]*[/?#].*@/i;
/** The same before a host without a scheme. */
const inAddress = /^(?![a-z][a-z0-9+.-]*:\/\/)[^/@:\s]+:[^\s]+@(?=[^/@\s]+$)/;
const parameter = /([?&;#])([^=&#;\s"'?]+)=([^&#;\s"']*)/g;
/** As in the connection strings of PostgreSQL, SQL Server and Azure. */
const assignment =
  /\b((?:user)?passw(?:or)?d|pwd|AccountKey|SharedAccessKey)(\s*=\s*)('[^']*'|[^\s&;'"]+)/gi;
const scheme = /\b(Bearer|Basic|Digest|Token|ApiKey)\s+[A-Za-z0-9+/=._~:-]{6,}/gi;

/** Whether what goes by this name is a secret. */
export function isSecretName(name: string): boolean {
  return secretName.test(name);
}

/** The same of the parameters of a URL. */
export function isSecretParameter(name: string): boolean {
  return isSecretName(name) || secretParameter.test(name);
}

/** A text of a configuration, or of a message about it, without passwords, signatures and tokens in URLs and connection strings. */
export function withoutSecretsIn(text: string): string {
  return text
    .replace(unescaped, `$1${shownSecret}@`)
    .replace(userInfo, `$1${shownSecret}@`)
    .replace(inAddress, `${shownSecret}@`)
    .replaceAll(parameter, (whole: string, mark: string, name: string) =>
      isSecretParameter(name) ? `${mark}${name}=${shownSecret}` : whole,
    )
    .replaceAll(assignment, `$1$2${shownSecret}`)
    .replaceAll(scheme, `$1 ${shownSecret}`);
}
