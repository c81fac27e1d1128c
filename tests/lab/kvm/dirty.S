/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dirty.S - all that a guest of the lab does: it writes to memory, page after page, over and over. A boot sector for x86.
 *
 * The number of the pass, from 1 on, is written to each page, so the first word of the area tells from outside how far the guest is,
 * and whether it is the same guest that goes on. guest.sh fills in the parameters at the end.
 */
	.set port_a20, 0x92		/* fast gate A20 */
	.set port_timer, 0x608		/* ACPI's power management timer: 3,579,545 Hz, 24 bits, where SeaBIOS puts it */

	.code16
	.globl start
start:
	cli
	cld
	xorw %ax, %ax
	movw %ax, %ds
	movb $2, %al
	outb %al, $port_a20
	lgdtl table
	movl %cr0, %eax
	incl %eax			/* protected mode: the BIOS leaves the lowest bit clear */
	movl %eax, %cr0
	ljmp $8, $flat

	.code32
flat:
	movw $16, %ax
	movw %ax, %ds
	xorl %ebp, %ebp			/* the pass */

again:
	incl %ebp
	cmpl $0, needs_popcnt
	je 1f
	popcnt %ebp, %eax		/* ends a guest whose processor doesn't have it: there is nobody to catch the fault */
1:	movl area, %edi
	movl pages, %ecx
	movw $port_timer, %dx

page:
	movl %ebp, (%edi)
	addl $4096, %edi
	cmpl $0, ticks_a_page
	je 3f
	inl %dx, %eax
	movl %eax, %ebx			/* when this page was written */
2:	inl %dx, %eax
	subl %ebx, %eax
	andl $0xffffff, %eax
	cmpl ticks_a_page, %eax
	jb 2b
3:	loop page
	jmp again

	.balign 8
segments:
	.quad 0, 0x00cf9a000000ffff, 0x00cf92000000ffff	/* none, code, data: all of memory */
table:
	.word . - segments - 1
	.long segments

	.org 490
area:		.long 0x1000000
pages:		.long 1024
ticks_a_page:	.long 0			/* of the timer; 0: as fast as it goes */
needs_popcnt:	.long 0
	.org 510
	.word 0xaa55
