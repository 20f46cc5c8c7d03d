/** What a caught value says: the message of an error, or the value as text. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
