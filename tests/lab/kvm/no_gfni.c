/* SPDX-License-Identifier: Apache-2.0 */
/*
 * no_gfni.c - preloaded into QEMU: KVM on this host can't give guests GFNI, whatever the processor has.
 */
#include <dlfcn.h>
#include <linux/kvm.h>
#include <stdarg.h>
#include <stddef.h>

static void hide(struct kvm_cpuid2 *cpuid)
{
	for (unsigned int i = 0; i < cpuid->nent; i++)
		if (cpuid->entries[i].function == 7 && cpuid->entries[i].index == 0)
			cpuid->entries[i].ecx &= ~(1U << 8);
}

int ioctl(int fd, unsigned long request, ...)
{
	int (*next)(int, unsigned long, ...) = (int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl");
	va_list arguments;
	void *argument;
	int result;

	va_start(arguments, request);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	result = next(fd, request, argument);
	if ((unsigned int)request == KVM_GET_SUPPORTED_CPUID && result == 0) /* QEMU hands it on as an int */
		hide(argument);
	return result;
}
