import { z } from 'zod'

/** The public status page: only texts that a person released stand on it. */
export const statusPage = z
  .strictObject({
    /** Whether `/status` is served to everybody. */
    public: z.boolean().default(true),
    title: z.string().min(1).max(200).default('Status'),
    /** Where the page is hosted, for feeds: `https://status.example.com`; default `/status` of `http.publicUrl`. */
    url: z
      .url({ protocol: /^https?$/ })
      .max(2_048)
      .nullable()
      .default(null),
    /** What customers use, in their words. */
    components: z
      .array(
        z.strictObject({
          name: z.string().trim().min(1).max(100),
          description: z.string().max(300).nullable().default(null),
        }),
      )
      .max(100)
      .default([]),
    /** How long closed entries stay on the page. */
    keptDays: z.number().int().min(1).max(365).default(30),
  })
  .prefault({})

export type StatusPageConfig = z.output<typeof statusPage>
