/** What the client uses of pino. */
export interface ClientLogger {
  warn(fields: object, message: string): void;
}
