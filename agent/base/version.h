/* SPDX-License-Identifier: Apache-2.0 */
/* version.h - which migready this is: in reports, facts files and as User-Agent. */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

#define MIGREADY_VERSION "0.1.0"

#endif
