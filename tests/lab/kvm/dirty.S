/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dirty.S - all that a guest of the lab does: it writes to memory, page after page, over and over. A boot sector for x86.
 *
 * The number of the pass, from 1 on, is written to each page, so the first word of the area tells from outside how far the guest is,
 * and whether it is the same guest that goes on. guest.sh fills in the parameters at the end.
 */
	.set port_pic, 0x20
	.set port_pic_mask, 0x21
	.set port_pic2_mask, 0xa1
	.set port_pit, 0x40
	.set port_pit_mode, 0x43
	.set port_a20, 0x92		/* fast gate A20 */
	.set port_timer, 0x608		/* ACPI's power management timer: 3,579,545 Hz, 24 bits, where SeaBIOS puts it */
	.set vector, 0x20		/* of the clock's interrupt */
	.set gates, 0x9000		/* interrupts up to that one; any other ends the guest */

	.code16
	.globl start
start:
	cli
	cld
	xorw %ax, %ax
	movw %ax, %ds
	movb $2, %al
	outb %al, $port_a20
	lgdtl segments_table
	movl %cr0, %eax
	incl %eax			/* protected mode: the BIOS leaves the lowest bit clear */
	movl %eax, %cr0
	ljmp $8, $flat

	.code32
flat:
	movw $16, %ax
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %ss
	movl $start, %esp

	movl $gates, %edi		/* the clock's interrupt has a gate, others have none */
	movl $2 * vector, %ecx
	xorl %eax, %eax
	rep stosl
	movl $0x80000 + tick, %eax
	stosl
	movl $0x8e00, %eax
	stosl
	lidtl gates_table

	movb $0xff, %al			/* the clock is all that interrupts, 100 times a second */
	outb %al, $port_pic2_mask
	movb $0x11, %al
	outb %al, $port_pic
	movb $vector, %al
	outb %al, $port_pic_mask
	movb $4, %al
	outb %al, $port_pic_mask
	movb $1, %al
	outb %al, $port_pic_mask
	movb $0xfe, %al
	outb %al, $port_pic_mask
	movb $0x34, %al
	outb %al, $port_pit_mode
	movw $11932, %ax
	outb %al, $port_pit
	movb %ah, %al
	outb %al, $port_pit

	xorl %ebp, %ebp			/* the pass */
	xorl %esi, %esi			/* pages in this hundredth of a second */
again:
	incl %ebp
	movl area, %edi
	movl pages, %ecx

page:
	cmpl $0, needs_popcnt
	je 1f
	popcnt %ebp, %eax		/* ends a guest whose processor doesn't have it */
1:	movl %ebp, (%edi)
	addl $4096, %edi
	cmpl $0, ticks_a_page
	jne busy
	cmpl $0, pages_a_tick
	je next
	incl %esi
	cmpl pages_a_tick, %esi
	jb next
	xorl %esi, %esi
	sti
	hlt				/* until tick, the only interrupt, which comes back to next */

busy:
	movw $port_timer, %dx
	inl %dx, %eax
	movl %eax, %ebx			/* when this page was written */
2:	inl %dx, %eax
	subl %ebx, %eax
	andl $0xffffff, %eax
	cmpl ticks_a_page, %eax
	jb 2b

next:
	loop page
	jmp again

tick:					/* no iret: KVM may have to emulate what runs without paging, and can't emulate that */
	movb $0x20, %al
	outb %al, $port_pic
	addl $12, %esp
	jmp next

	.balign 8
segments:
	.quad 0, 0x00cf9a000000ffff, 0x00cf92000000ffff	/* none, code, data: all of memory */
segments_table:
	.word . - segments - 1
	.long segments
gates_table:
	.word 8 * vector + 7
	.long gates

	.org 490
area:		.long 0x1000000
pages:		.long 1024
pages_a_tick:	.long 0			/* in a hundredth of a second, idle for the rest of it; 0: no idling */
ticks_a_page:	.long 0			/* of the timer, busy for the rest of them; 0: as fast as it goes */
needs_popcnt:	.long 0
	.word 0xaa55
