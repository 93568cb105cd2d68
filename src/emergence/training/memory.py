"""Management of the process's memory during training."""

import ctypes

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
KEPT, ALONE = 512 << 20, 64 << 20


def keep_freed_memory() -> None:
    """Let the C library keep memory that tensors leave, since every update needs as much again.

    By default glibc returns the larger blocks to the system and gets them back page by page, which costs a small
    convolutional network a tenth of its time. Up to KEPT bytes are held; blocks above ALONE bytes still go. Other C
    libraries are left as they are.
    """
    library = ctypes.CDLL(None)
    if hasattr(library, "gnu_get_libc_version"):
        library.mallopt(M_TRIM_THRESHOLD, KEPT)
        library.mallopt(M_MMAP_THRESHOLD, ALONE)
