// What the clients of registries are told, and what each of them then sends.
export {};
