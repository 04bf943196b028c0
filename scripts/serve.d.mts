import type { Server } from 'node:http';
export function serve(directory: string, port: number, options?: { readonly policy?: string | null }): Promise<Server>;
