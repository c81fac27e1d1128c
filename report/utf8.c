/* SPDX-License-Identifier: Apache-2.0 */
/* utf8.c - decodes UTF-8, strictly. */
#include "report/utf8.h"

/* By lead byte: how many bytes follow, the range of the first that follows (this is what excludes overlong forms,
 * surrogates and codes past U+10FFFF), the lead byte's payload bits. */
static const struct {
	unsigned char from, to, more, low, high, mask;
} leads[] = {
	{0x00, 0x7f, 0, 0x00, 0x00, 0x7f}, {0xc2, 0xdf, 1, 0x80, 0xbf, 0x1f}, {0xe0, 0xe0, 2, 0xa0, 0xbf, 0x0f},
	{0xe1, 0xec, 2, 0x80, 0xbf, 0x0f}, {0xed, 0xed, 2, 0x80, 0x9f, 0x0f}, {0xee, 0xef, 2, 0x80, 0xbf, 0x0f},
	{0xf0, 0xf0, 3, 0x90, 0xbf, 0x07}, {0xf1, 0xf3, 3, 0x80, 0xbf, 0x07}, {0xf4, 0xf4, 3, 0x80, 0x8f, 0x07},
};

size_t utf8_next(const char *s, uint32_t *ret)
{
	const unsigned char *b = (const unsigned char *)s;

	*ret = UINT32_MAX;
	for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++) {
		uint32_t c = b[0] & leads[i].mask;

		if (b[0] < leads[i].from || b[0] > leads[i].to)
			continue;
		for (size_t j = 1; j <= leads[i].more; j++) {
			if (b[j] < (j == 1 ? leads[i].low : 0x80) || b[j] > (j == 1 ? leads[i].high : 0xbf))
				return 1;
			c = c << 6 | (b[j] & 0x3f);
		}
		*ret = c;
		return 1u + leads[i].more;
	}
	return 1;
}
