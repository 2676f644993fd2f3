// Certificates: the authority that is built in, what it issues, and the contexts that listeners use.
export {};
