/** Makes the tarball of a release in the folder `into`. @returns its path */
export function pack(into: string): Promise<string>
